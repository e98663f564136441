import fc from 'fast-check';
import { expect, test } from 'vitest';
import { takeRequest } from './request-budget.ts';

/** Makes a request at each of these times (ms). Returns the times of those that were allowed. */
function ask(timesMs: number[], perMinute: number): number[] {
  let bucket: { tokens: number; atMs: number } | null = null;
  return timesMs.filter((ms) => {
    const before: { tokens: number; sinceMs: number } | null = bucket && {
      tokens: bucket.tokens,
      sinceMs: ms - bucket.atMs,
    };
    const { isAllowed, tokens } = takeRequest(before, perMinute);
    if (isAllowed) bucket = { tokens, atMs: ms };
    return isAllowed;
  });
}

test("a minute's requests may come at once, and then one each time that its share of a minute is over", () => {
  expect(ask([0, 0, 0, 0, 19_999, 20_000, 20_001, 40_000], 3)).toEqual([0, 0, 0, 20_000, 40_000]);
});

test('tells what is left, when the next is allowed, and when all are', () => {
  expect(takeRequest(null, 60)).toMatchObject({ isAllowed: true, remaining: 59, waitMs: 0, fullMs: 1_000 });
  const refused = takeRequest({ tokens: 0.25, sinceMs: 0 }, 60);
  expect(refused).toMatchObject({
    isAllowed: false,
    tokens: 0.25,
    remaining: 0,
    waitMs: 750,
    fullMs: 59_750,
  });
});

test('a limit that was lowered counts at once, and a clock that went back gives nothing', () => {
  expect(takeRequest({ tokens: 500, sinceMs: 0 }, 10)).toMatchObject({ isAllowed: true, remaining: 9 });
  expect(takeRequest({ tokens: 0, sinceMs: -90_000 }, 10)).toMatchObject({ isAllowed: false, tokens: 0 });
});

test('whenever they come, no more are allowed in any span than a full bucket and what flows in meanwhile', () => {
  const times = fc.array(fc.nat(300_000), { maxLength: 200 }).map((all) => all.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 30 }), (asked, perMinute) => {
      const allowed = ask(asked, perMinute);
      for (const [first, from] of allowed.entries()) {
        for (const [last, to] of allowed.entries()) {
          if (last < first) continue;
          const most = perMinute + ((to - from) / 60_000) * perMinute;
          expect(last - first + 1).toBeLessThanOrEqual(most + 1e-6);
        }
      }
    }),
  );
});
