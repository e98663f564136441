import { expect, test } from 'vitest';
import { createAttempts } from './attempts.ts';

test('holds whoever failed too often until the window is over, and nobody else', () => {
  let ms = 0;
  const attempts = createAttempts(2, 60_000, () => ms);
  attempts.fail('a');
  expect(attempts.waitS('a')).toBe(0);
  ms = 20_000;
  attempts.fail('a');
  expect([attempts.waitS('a'), attempts.waitS('b')]).toEqual([40, 0]);
  ms = 59_999;
  expect(attempts.waitS('a')).toBe(1);
  ms = 60_000;
  expect(attempts.waitS('a')).toBe(0);
  attempts.fail('a');
  expect(attempts.waitS('a')).toBe(0);
});

test('keeps a bounded number of places', () => {
  const attempts = createAttempts(1, 60_000, () => 0);
  for (let place = 0; place <= 10_000; place++) attempts.fail(String(place));
  expect([attempts.waitS('0'), attempts.waitS('1'), attempts.waitS('10000')]).toEqual([0, 60, 60]);
});
