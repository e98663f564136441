import { expect, test } from 'vitest';
import { pauseMs } from './backoff.ts';

test('pauses grow, keep half to chance, end at 20 s and are never shorter than the server asks', () => {
  expect([1, 2, 3, 9, 99].map((tries) => pauseMs(tries, 1))).toEqual([500, 1_000, 2_000, 20_000, 20_000]);
  expect(pauseMs(1, 0)).toBe(250);
  expect([pauseMs(1, 1, 10), pauseMs(9, 1, 10)]).toEqual([10_000, 20_000]);
});
