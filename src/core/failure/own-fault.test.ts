import { expect, it } from 'vitest';
import { isOwnError } from './own-fault.ts';

const withCode = (code: string, more = {}) => Object.assign(new Error('x'), { code, ...more });

it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'ENOSPC', 'EDQUOT', 'EADDRNOTAVAIL'])(
  '%s is a fault of the control plane',
  (code) => expect(isOwnError(withCode(code))).toBe(true),
);

it('what a node or the way to it says is none, nor is an address family that this machine lacks', () => {
  for (const error of [
    withCode('ECONNREFUSED'),
    withCode('ENETUNREACH'),
    new Error('EMFILE'),
    null,
    'EMFILE',
  ])
    expect(isOwnError(error)).toBe(false);
  expect(isOwnError(withCode('EADDRNOTAVAIL', { address: '::1' }))).toBe(false);
});

it('of several addresses each has to have failed by it', () => {
  const own = withCode('EMFILE');
  expect(isOwnError(new AggregateError([own, own]))).toBe(true);
  expect(isOwnError(new AggregateError([own, withCode('ECONNREFUSED')]))).toBe(false);
  expect(isOwnError(new AggregateError([]))).toBe(false);
});
