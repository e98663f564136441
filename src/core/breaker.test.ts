import { describe, expect, it } from 'vitest';
import { CLOSED_BREAKER, computeBreaker, UNSEEN_BREAKER } from './breaker.ts';
import { DEFAULT_POLICY } from './policy.ts';

const policy = DEFAULT_POLICY.migrate.breaker;
const fleet = (unhealthy: number, unseen = 0) => ({ total: 10, unhealthy, unseen });

describe('the breaker', () => {
  it('opens over the limit, and closes only when the fleet was well for the cooldown', () => {
    expect(computeBreaker(CLOSED_BREAKER, fleet(4), policy, 0)).toBe(CLOSED_BREAKER);
    const open = computeBreaker(CLOSED_BREAKER, fleet(5), policy, 0);
    expect(open).toMatchObject({ open: true, message: expect.stringContaining('5 of 10') });
    const better = computeBreaker(open, fleet(1), policy, 1_000);
    expect(better.open).toBe(true);
    expect(computeBreaker(better, fleet(1), policy, 60_000).open).toBe(true);
    expect(computeBreaker(better, fleet(1), policy, 61_000)).toBe(CLOSED_BREAKER);
    expect(computeBreaker(better, fleet(6), policy, 61_000)).toMatchObject({ recoveredSinceMs: null });
  });

  it('counts as unhealthy who was not looked at since a node died, and needs no cooldown after the look', () => {
    expect(computeBreaker(CLOSED_BREAKER, fleet(1, 9), policy, 0)).toBe(UNSEEN_BREAKER);
    expect(computeBreaker(UNSEEN_BREAKER, fleet(1, 4), policy, 0)).toBe(UNSEEN_BREAKER);
    expect(computeBreaker(UNSEEN_BREAKER, fleet(1, 3), policy, 0)).toBe(CLOSED_BREAKER);
    expect(computeBreaker(UNSEEN_BREAKER, fleet(7, 3), policy, 0)).toMatchObject({ recoveredSinceMs: null });
    expect(computeBreaker(UNSEEN_BREAKER, fleet(7, 3), policy, 0)).not.toBe(UNSEEN_BREAKER);
  });
});
