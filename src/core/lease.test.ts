import { describe, expect, it } from 'vitest';
import { accessOf, computeExpiry, isGiven } from './lease.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { aPlacement, aRental, END, KEY, NOW, WANTED } from './rows.fixture.ts';

const HOUR = 3_600_000;
const later = (ms: number) => new Date(NOW.getTime() + ms);
const ready = (atMs: number, epoch = 1) => aPlacement(epoch, 'a', { readyAt: later(atMs) });

describe('the end of a lease', () => {
  it('is not known before access was confirmed', () => {
    expect(computeExpiry(aRental())).toBeNull();
    expect(computeExpiry(aRental({ placements: [aPlacement(1, 'a', { readyAt: null })] }))).toBeNull();
  });

  it('counts from when access was first confirmed, over all moves, and from the last renewal', () => {
    const placements = [ready(1_000), ready(500_000, 2)];
    expect(computeExpiry(aRental({ placements }))).toEqual(later(1_000 + HOUR));
    expect(computeExpiry(aRental({ placements, renewedAt: later(60_000) }))).toEqual(later(60_000 + HOUR));
    // A renewal before it was ready takes nothing away.
    expect(computeExpiry(aRental({ placements, renewedAt: later(-60_000) }))).toEqual(later(1_000 + HOUR));
  });
});

describe('what a node is given', () => {
  it('is the true end, up to the next second, on whatever node the client is to be', () => {
    const rental = aRental({
      placements: [ready(1), aPlacement(2, 'b', { role: 'incoming', readyAt: null })],
    });
    expect(accessOf(rental, DEFAULT_POLICY, later(HOUR / 2))).toEqual({
      publicKey: KEY,
      expiresAt: later(HOUR + 1_000),
    });
    expect(accessOf(aRental({ placements: [ready(0)] }), DEFAULT_POLICY, NOW)).toEqual(WANTED);
  });

  it('is never before the true end while nobody knows that, however long the account takes', () => {
    const policy = (timeoutMs: number) => ({ provision: { ...DEFAULT_POLICY.provision, timeoutMs } });
    const waiting = aRental({ placements: [aPlacement(1, 'a', { readyAt: null })] });
    for (const timeoutMs of [5_000, HOUR]) {
      const { expiresAt } = accessOf(waiting, policy(timeoutMs), NOW);
      const latest = computeExpiry({ ...waiting, placements: [ready(timeoutMs)] });
      expect(expiresAt.getTime()).toBeGreaterThanOrEqual(latest?.getTime() ?? Infinity);
      expect(expiresAt.getTime()).toBeLessThanOrEqual(NOW.getTime() + HOUR + Math.max(timeoutMs, 600_000));
    }
    const renewed = { ...waiting, renewedAt: later(30_000) };
    expect(accessOf(renewed, policy(5_000), NOW).expiresAt).toEqual(later(30_000 + 600_000 + HOUR));
  });
});

it('another key or another end has to be given anew, and so has one to a node that knows of no end', () => {
  const given = { appliedKey: KEY, appliedExpiresAt: END };
  expect(isGiven(given, WANTED)).toBe(true);
  expect(isGiven(given, { ...WANTED, publicKey: 'ssh-ed25519 BBBB' })).toBe(false);
  expect(isGiven(given, { ...WANTED, expiresAt: NOW })).toBe(false);
  expect(isGiven({ ...given, appliedExpiresAt: null }, WANTED)).toBe(false);
});
