import { expect, test } from 'vitest';
import { parseRetryAfterMs } from './post.ts';

const now = new Date('2026-10-21T07:28:00Z');

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Wed, 21 Oct 2026 07:30:00 GMT', 120_000],
  ['Wed, 21 Oct 2026 07:00:00 GMT', 0],
])('%s is understood', (header, ms) => {
  expect(parseRetryAfterMs(header, now)).toBe(ms);
});

test.each(['999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])('%s is no more than an hour', (header) => {
  expect(parseRetryAfterMs(header, now)).toBe(3_600_000);
});

test.each([undefined, '', 'soon', '-5', '1e3', '99999999999'])('%s says nothing', (header) => {
  expect(parseRetryAfterMs(header, now)).toBe(0);
});
