import { expect, test } from 'vitest';
import { createPulse } from './pulse.ts';

test('a reconciler that has not turned for two minutes stands still; one that has not begun does not', () => {
  let nowMs = 5_000;
  const pulse = createPulse({ now: () => new Date(nowMs), monotonicMs: () => nowMs });
  nowMs += 1_000_000;
  expect(pulse.isBeating()).toBe(true);
  pulse.beat();
  nowMs += 120_000;
  expect(pulse.isBeating()).toBe(true);
  nowMs += 1;
  expect(pulse.isBeating()).toBe(false);
  pulse.beat();
  expect(pulse.isBeating()).toBe(true);
});
