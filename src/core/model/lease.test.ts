import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { aPlacement, aRental, END, KEY, NOW, WANTED } from '../rows.fixture.ts';
import { accessOf, computeAllowanceMs, computeExpiry, isGiven } from './lease.ts';
import type { Placement, Rental } from './rental.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const later = (ms: number) => new Date(NOW.getTime() + ms);
/** Ready `atMs` after NOW, on a node that was given the end `toldMs` after NOW. */
const ready = (atMs: number, toldMs: number | null, epoch = 1) =>
  aPlacement(epoch, 'a', {
    readyAt: later(atMs),
    appliedExpiresAt: toldMs === null ? null : later(toldMs),
  });
const unready = (epoch = 1) => aPlacement(epoch, 'b', { role: 'incoming', readyAt: null });

describe('the end of a lease', () => {
  it('is not known before access was confirmed', () => {
    expect(computeExpiry(aRental())).toBeNull();
    expect(computeExpiry(aRental({ placements: [unready()] }))).toBeNull();
    expect(computeExpiry(aRental({ placements: [unready()], renewedAt: NOW }))).toBeNull();
  });

  it.each<[string, number, number | null, number]>([
    ['what the node was told, with all of the allowance left', 0, HOUR + MINUTE, HOUR + MINUTE],
    ['the same, when NOW is just after a whole second', 1, HOUR + MINUTE + 1_000, HOUR + MINUTE + 1_000],
    ['the same, with nothing left of it', MINUTE, HOUR + MINUTE, HOUR + MINUTE],
    [
      'the ttl from when access was confirmed, if that took longer',
      MINUTE + 1,
      HOUR + MINUTE,
      HOUR + MINUTE + 1_000,
    ],
    ['that, too, if the node was told a later end than can be', 0, HOUR + MINUTE + 2_000, HOUR],
    ['that, too, if the node was told none', 500, null, HOUR + 1_000],
  ])('is %s', (_name, readyMs, toldMs, endMs) => {
    expect(computeExpiry(aRental({ placements: [ready(readyMs, toldMs)] }))).toEqual(later(endMs));
  });

  it('is the same over all moves, whatever the later nodes were told', () => {
    const first = { ...ready(1_000, HOUR + MINUTE), endedAt: later(5_000) };
    const placements = [unready(), first, ready(500_000, HOUR + 500_000, 3)];
    expect(computeExpiry(aRental({ placements }))).toEqual(later(HOUR + MINUTE));
  });

  it('is the ttl from the last renewal, unless access was not yet confirmed then', () => {
    const placements = [ready(1_000, HOUR + MINUTE)];
    expect(computeExpiry(aRental({ placements, renewedAt: later(1_001) }))).toEqual(later(HOUR + 2_000));
    for (const ms of [-60_000, 1_000])
      expect(computeExpiry(aRental({ placements, renewedAt: later(ms) }))).toEqual(later(HOUR + MINUTE));
  });
});

describe('what a node is given', () => {
  it('is the end of the lease, on whatever node the client is to be', () => {
    const rental = aRental({ placements: [ready(1, HOUR + 2_000), unready(2)] });
    expect(accessOf(rental, later(HOUR / 2))).toEqual({ publicKey: KEY, expiresAt: later(HOUR + 2_000) });
    expect(accessOf(aRental({ placements: [ready(0, HOUR)] }), NOW)).toEqual(WANTED);
  });

  it('leaves room for making the account while nobody knows when it will be ready: a tenth, a minute at most', () => {
    const waiting = (ttlMs: number) => aRental({ placements: [unready()], spec: { ttlMs } });
    expect(accessOf(waiting(HOUR), NOW).expiresAt).toEqual(later(HOUR + MINUTE));
    expect(accessOf(waiting(20_000), NOW).expiresAt).toEqual(later(22_000));
    expect(accessOf(waiting(15_000), NOW).expiresAt).toEqual(later(17_000));
  });
});

test('a client always gets the full ttl and hardly more, and the end is set anew on the node only when it has to be', () => {
  const ms = (max: number) => fc.integer({ min: 0, max });
  /** The time since the step before, and a new ttl, or null for a move. */
  const steps = fc.array(fc.tuple(ms(HOUR), fc.option(fc.integer({ min: 10_000, max: 12 * HOUR }))), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 10_000, max: 12 * HOUR }),
      ms(2 * MINUTE),
      ms(1_000),
      steps,
      (ttlMs, tookMs, at, then) => {
        const lease = createLease(ttlMs, at);
        lease.confirm(tookMs);
        const leastMs = lease.now() + ttlMs;
        const runs = lease.settle();
        expect(lease.end()).toBeGreaterThanOrEqual(leastMs);
        expect(lease.end()).toBeLessThanOrEqual(leastMs + computeAllowanceMs(ttlMs) + 1_000);
        expect(runs).toBeLessThanOrEqual(tookMs <= computeAllowanceMs(ttlMs) ? 0 : 1);
        for (const [afterMs, change] of then) {
          const before = lease.end();
          lease.wait(afterMs + 1);
          if (change === null) lease.move();
          else lease.renew(change);
          expect(lease.settle()).toBeLessThanOrEqual(1);
          if (change === null) expect(lease.end()).toBe(before);
          else expect(lease.end()).toBe(Math.ceil((lease.now() + change) / 1_000) * 1_000);
        }
      },
    ),
  );
});

/** The life of a rental, on nodes that do as they are told. */
function createLease(ttlMs: number, atMs: number) {
  let nowMs = NOW.getTime() + atMs;
  let rental: Rental = aRental({ placements: [unready()], spec: { ttlMs } });
  const given = () => {
    const { publicKey, expiresAt } = accessOf(rental, new Date(nowMs));
    return { appliedKey: publicKey, appliedExpiresAt: expiresAt };
  };
  const last = () => rental.placements.at(-1) as Placement;
  const setLast = (set: Partial<Placement>) => {
    rental = { ...rental, placements: [...rental.placements.slice(0, -1), { ...last(), ...set }] };
  };
  const lease = {
    now: () => nowMs,
    wait: (ms: number) => {
      nowMs += ms;
    },
    end: () => computeExpiry(rental)?.getTime() ?? 0,
    /** Decided now, confirmed `tookMs` later. */
    confirm: (tookMs: number) => {
      const set = given();
      nowMs += tookMs;
      setLast({ ...set, readyAt: new Date(nowMs) });
    },
    move: () => {
      const epoch = rental.placements.length + 1;
      rental = { ...rental, placements: [...rental.placements, unready(epoch)] };
      lease.confirm(1_000);
    },
    renew: (ms: number) => {
      rental = { ...rental, renewedAt: new Date(nowMs), spec: { ...rental.spec, ttlMs: ms } };
    },
    /** Runs until the last node has what it should have. Returns the number of runs. */
    settle: () => {
      let runs = 0;
      for (; runs < 10 && !isGiven(last(), accessOf(rental, new Date(nowMs))); runs++) setLast(given());
      return runs;
    },
  };
  return lease;
}

it('another key or another end has to be given anew, and so has one to a node that knows of no end', () => {
  const given = { appliedKey: KEY, appliedExpiresAt: END };
  expect(isGiven(given, WANTED)).toBe(true);
  expect(isGiven(given, { ...WANTED, publicKey: 'ssh-ed25519 BBBB' })).toBe(false);
  expect(isGiven(given, { ...WANTED, expiresAt: NOW })).toBe(false);
  expect(isGiven({ ...given, appliedExpiresAt: null }, WANTED)).toBe(false);
});
