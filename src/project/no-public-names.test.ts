import { lookup, Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { takePublicNames } from './no-public-names.fixture.ts';

const NAME = 'hooks.example.com';

test.each([
  ['looked up', () => lookup(NAME, { all: true })],
  ['resolved', () => new Resolver().resolve4(NAME)],
  ['connected to', () => new Promise((_, fail) => connect({ host: NAME, port: 443 }).once('error', fail))],
])('a public name that is %s in a test is refused, and makes it fail', async (_, ask) => {
  await expect(ask()).rejects.toThrow(`a test asked for the public name ${NAME}`);
  expect(takePublicNames()).toEqual([NAME]);
});

test('names that are nobody’s are for tests', async () => {
  expect(await lookup('127.0.0.1')).toMatchObject({ address: '127.0.0.1' });
  expect(await lookup('localhost')).toMatchObject({ address: expect.stringMatching(/^127\.|^::1$/) });
});
