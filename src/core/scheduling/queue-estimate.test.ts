import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rental } from '../model/rental.ts';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { expectEnd, typicalEnds } from './lease-use.ts';
import {
  estimateTurns,
  forecastFree,
  type Prospect,
  settleEstimate,
  settleEstimates,
} from './queue-estimate.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const nowMs = NOW.getTime();
const at = (ms: number) => new Date(nowMs + ms);
const minutesOf = (date: Date | null | undefined) => date && (date.getTime() - nowMs) / MINUTE;

/** A node that is lent from `fromMs` until `untilMs`, both counted from NOW. */
function lent(
  name: string,
  fromMs: number,
  untilMs: number,
  set: Parameters<typeof aNode>[1] = {},
): Prospect {
  const holder = aRental({
    placements: [aPlacement(1, name, { startedAt: at(fromMs), readyAt: at(fromMs) })],
    record: { expiresAt: at(untilMs) },
  });
  return {
    node: aNode(name, { ...set, record: { state: 'allocated', ...set.record } }),
    holder,
    isFree: false,
  };
}
const waiting = (id: string, zone: string | null = null): Rental =>
  aRental({ id, spec: { ttlMs: HOUR, selector: { matchLabels: {}, zone } } });

describe('what the history says of leases', () => {
  it('is nothing as long as few have ended: then only the end of the lease counts', () => {
    expect(typicalEnds([])).toEqual([1]);
    expect(typicalEnds(Array.from({ length: 9 }, () => 0.1))).toEqual([1]);
  });

  it('is when half have left, and half of those that stayed longer, and so on', () => {
    const uses = Array.from({ length: 100 }, (_, index) => (index + 1) / 100);
    expect(typicalEnds(uses).map((share) => share.toFixed(2))).toEqual(['0.50', '0.75', '0.90', '1.00']);
    expect(typicalEnds(Array.from({ length: 20 }, () => 1))).toEqual([1]);
  });

  it('moves the end that is expected to the next when one has passed', () => {
    const ends = [0.5, 0.75, 1];
    const of = (now: number) => expectEnd(0, 100, ends, now);
    expect([of(0), of(49), of(50), of(80), of(100), of(130)]).toEqual([50, 50, 75, 100, 100, 130]);
  });
});

describe('when a node gets free', () => {
  it.each([
    ['with the lease of its holder', lent('a', -HOUR, HOUR), 60.5],
    ['at once when its lease is over', lent('a', -HOUR, -1), 0.5],
    ['is unknown when it is dead', lent('a', -HOUR, HOUR, { record: { state: 'dead' } }), null],
    ['is unknown when it is to be emptied', lent('a', -HOUR, HOUR, { requests: { draining: true } }), null],
    ['is unknown when it was cordoned', lent('a', -HOUR, HOUR, { requests: { cordoned: true } }), null],
    ['is never when it leaves the fleet', lent('a', -HOUR, HOUR, { spec: { retiring: true } }), null],
  ])('%s', (_name, prospect, minutes) => {
    const freeMs = forecastFree(prospect, [1], nowMs);
    expect(freeMs === null ? null : (freeMs - nowMs) / MINUTE).toBe(minutes);
  });

  it('soon when it is being cleaned or was released, and unknown when cleaning fails', () => {
    const cleaning = (attempt: number): Prospect => ({
      node: aNode('a', { record: { state: 'cleaning', attempt, stateSince: NOW } }),
      holder: null,
      isFree: false,
    });
    expect(forecastFree(cleaning(0), [1], nowMs)).toBe(nowMs + 30_000);
    expect(forecastFree(cleaning(1), [1], nowMs)).toBeNull();
    const released = lent('a', -HOUR, HOUR);
    const holder = { ...(released.holder as Rental), releaseRequestedAt: NOW };
    expect(forecastFree({ ...released, holder }, [1], nowMs)).toBe(nowMs + 30_000);
  });

  it('for one that is not ready yet, counts from when it was placed', () => {
    const placements = [aPlacement(1, 'a', { readyAt: null, startedAt: NOW })];
    const holder = aRental({ placements, spec: { ttlMs: HOUR } });
    const node = aNode('a', { record: { state: 'provisioning' } });
    expect(forecastFree({ node, holder, isFree: false }, [0.5, 1], nowMs)).toBe(nowMs + 30 * MINUTE + 30_000);
  });
});

describe('the estimate', () => {
  it('is the order of the queue on the nodes in the order in which they get free, over several rounds', () => {
    const order = ['r_1', 'r_2', 'r_3', 'r_4'].map((id) => waiting(id));
    const estimates = estimateTurns(
      order,
      [lent('a', 0, 10 * MINUTE), lent('b', 0, 40 * MINUTE)],
      [1],
      nowMs,
    );
    // Each lease takes an hour, and cleaning half a minute.
    expect(order.map(({ id }) => minutesOf(estimates.get(id)))).toEqual([11, 41, 71, 101]);
  });

  it('lets who fits take a node that the first in the queue can not have', () => {
    const order = [waiting('r_1', 'x'), waiting('r_2')];
    const prospects = [lent('a', 0, 10 * MINUTE), lent('b', 0, HOUR, { spec: { zone: 'x' } })];
    const estimates = estimateTurns(order, prospects, [1], nowMs);
    expect(order.map(({ id }) => minutesOf(estimates.get(id)))).toEqual([61, 11]);
  });

  it('says nothing where nothing can be said', () => {
    const dead = lent('a', 0, HOUR, { record: { state: 'dead' } });
    expect(estimateTurns([waiting('r_1')], [dead], [1], nowMs).size).toBe(0);
    const elsewhere = lent('b', 0, HOUR, { spec: { zone: 'y' } });
    expect(estimateTurns([waiting('r_1', 'x')], [elsewhere], [1], nowMs).size).toBe(0);
  });

  it('is never past, never earlier for who is behind, and stays the same while only time passes', () => {
    const leases = fc.array(fc.record({ from: fc.nat(100), until: fc.integer({ min: 5, max: 300 }) }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(leases, fc.integer({ min: 1, max: 12 }), fc.nat(4 * MINUTE), (list, count, laterMs) => {
        const order = Array.from({ length: count }, (_, index) => waiting(`r_${index}`));
        const prospects = list.map(({ from, until }, index) =>
          lent(`n${index}`, -from * MINUTE, until * MINUTE),
        );
        const estimates = estimateTurns(order, prospects, [1], nowMs);
        const times = order.map(({ id }) => estimates.get(id)?.getTime() ?? Number.NaN);
        expect(times.every((ms) => ms >= nowMs)).toBe(true);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(estimateTurns(order, prospects, [1], nowMs + laterMs)).toEqual(estimates);
      }),
    );
  });

  it('is told anew only when it is off by a tenth of the wait, or by a minute', () => {
    const old = at(100 * MINUTE);
    expect(settleEstimate(old, at(108 * MINUTE), NOW)).toBe(old);
    expect(settleEstimate(old, at(120 * MINUTE), NOW)).toEqual(at(120 * MINUTE));
    expect(settleEstimate(old, at(80 * MINUTE), NOW)).toEqual(at(80 * MINUTE));
    expect(settleEstimate(at(3 * MINUTE), at(4 * MINUTE), NOW)).toEqual(at(3 * MINUTE));
    expect(settleEstimate(null, old, NOW)).toBe(old);
    expect(settleEstimate(old, null, NOW)).toBeNull();
    // An estimate that has passed was wrong.
    expect(settleEstimate(NOW, at(MINUTE), NOW)).toEqual(at(MINUTE));
  });

  it('tells nobody to come before one who asks for the same and stands ahead', () => {
    const told = (id: string, minutes: number | null, zone: string | null = null) =>
      aRental({
        id,
        record: { queueEstimateAt: minutes === null ? null : at(minutes * MINUTE) },
        spec: { selector: { matchLabels: {}, zone } },
      });
    const order = [told('r_1', 3), told('r_2', null), told('r_3', null, 'x'), told('r_4', 20)];
    const next = new Map([2, 2, 2, 9].map((minutes, index) => [`r_${index + 1}`, at(minutes * MINUTE)]));
    const settled = settleEstimates(order, next, NOW);
    expect(order.map(({ id }) => minutesOf(settled.get(id)))).toEqual([3, 3, 2, 9]);
  });
});
