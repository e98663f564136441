import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY as policy } from '../model/policy.ts';
import { CLOSED_BREAKER, computeBreaker, confirmWithinMs, UNSEEN_BREAKER } from './breaker.ts';

const fleet = (unhealthy: number, unseen = 0, unconfirmed = 0) => ({
  total: 10,
  unhealthy,
  unseen,
  unconfirmed,
});

describe('the breaker', () => {
  it('opens over the limit, and closes only when the fleet was well for the cooldown', () => {
    expect(computeBreaker(CLOSED_BREAKER, fleet(4), policy, 0)).toBe(CLOSED_BREAKER);
    const open = computeBreaker(CLOSED_BREAKER, fleet(5), policy, 0);
    expect(open).toMatchObject({ open: true, message: expect.stringContaining('5 of 10') });
    const better = computeBreaker(open, fleet(1), policy, 1_000);
    expect(better.open).toBe(true);
    expect(computeBreaker(better, fleet(1), policy, 60_000).open).toBe(true);
    expect(computeBreaker(better, fleet(0), policy, 61_000)).toBe(CLOSED_BREAKER);
    expect(computeBreaker(better, fleet(6), policy, 61_000)).toMatchObject({ recoveredSinceMs: null });
  });

  it('does not close before who is still dead was confirmed anew, nor wait for ever for one that is neither', () => {
    const open = computeBreaker(CLOSED_BREAKER, fleet(5), policy, 0);
    const better = computeBreaker(open, fleet(2), policy, 1_000);
    const confirming = computeBreaker(better, fleet(2), policy, 61_000);
    // The moment at which all times are reset.
    expect(confirming).toMatchObject({ open: true, confirmingSinceMs: 61_000 });
    expect(computeBreaker(confirming, fleet(2, 0, 1), policy, 90_000)).toBe(confirming);
    expect(computeBreaker(confirming, fleet(2, 0, 0), policy, 90_000)).toBe(CLOSED_BREAKER);
    const atLast = 61_000 + confirmWithinMs(policy.probe);
    expect(computeBreaker(confirming, fleet(2, 0, 1), policy, atLast - 1).open).toBe(true);
    expect(computeBreaker(confirming, fleet(2, 0, 1), policy, atLast)).toBe(CLOSED_BREAKER);
    expect(computeBreaker(confirming, fleet(6), policy, 90_000)).toMatchObject({ confirmingSinceMs: null });
  });

  it('counts as unhealthy who was not looked at since a node died, and needs no cooldown after the look', () => {
    expect(computeBreaker(CLOSED_BREAKER, fleet(1, 9), policy, 0)).toBe(UNSEEN_BREAKER);
    expect(computeBreaker(UNSEEN_BREAKER, fleet(1, 4), policy, 0)).toBe(UNSEEN_BREAKER);
    expect(computeBreaker(UNSEEN_BREAKER, fleet(1, 3), policy, 0)).toBe(CLOSED_BREAKER);
    expect(computeBreaker(UNSEEN_BREAKER, fleet(7, 3), policy, 0)).toMatchObject({ recoveredSinceMs: null });
    expect(computeBreaker(UNSEEN_BREAKER, fleet(7, 3), policy, 0)).not.toBe(UNSEEN_BREAKER);
  });
});
