import { describe, expect, it } from 'vitest';
import { CLOSED_BREAKER } from '../health/breaker.ts';
import { DEFAULT_POLICY } from '../model/policy.ts';
import type { RentalRecord } from '../model/rental.ts';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { decideRental } from './decide.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TTL_MS = 6 * HOUR_MS;
const allocated = aNode('a', { record: { state: 'allocated' } });

/** A pass over a rental that has been served since NOW, `afterMs` later. */
function look(
  afterMs: number,
  told: number | null,
  set: {
    ttlMs?: number;
    renewedAfterMs?: number;
    node?: typeof allocated;
    record?: Partial<RentalRecord>;
  } = {},
) {
  const { ttlMs = TTL_MS, renewedAfterMs, node = allocated, record } = set;
  const rental = aRental({
    spec: { ttlMs },
    renewedAt: renewedAfterMs === undefined ? null : new Date(NOW.getTime() + renewedAfterMs),
    record: { phase: 'Active', toldBeforeEndMs: told, ...record },
    placements: [aPlacement(1, 'a')],
  });
  return decideRental({
    rental,
    nodeOf: () => node,
    breaker: CLOSED_BREAKER,
    isOverridden: () => false,
    pause: null,
    choose: () => ({ kind: 'none', reason: 'NoFreeNode', undecided: false, passedOver: [] }),
    turn: () => ({ isNow: true }),
    place: null,
    policy: DEFAULT_POLICY,
    now: new Date(NOW.getTime() + afterMs),
  });
}
const dueAfterMs = (decision: ReturnType<typeof look>) => Number(decision.nextDueAt) - NOW.getTime();

describe('the end of a lease is told', () => {
  it('an hour and ten minutes before, each once, and looked at just then', () => {
    const early = look(0, null);
    expect(early).toMatchObject({ expiring: null, toldBeforeEndMs: null });
    expect(dueAfterMs(early)).toBe(TTL_MS - HOUR_MS);

    const hour = look(TTL_MS - HOUR_MS, null);
    const end = new Date(NOW.getTime() + TTL_MS).toISOString();
    expect(hour).toMatchObject({
      expiring: { message: `the lease ends at ${end}` },
      toldBeforeEndMs: HOUR_MS,
    });
    expect(dueAfterMs(hour)).toBe(TTL_MS - 10 * MINUTE_MS);
    expect(look(TTL_MS - 30 * MINUTE_MS, HOUR_MS)).toMatchObject({
      expiring: null,
      toldBeforeEndMs: HOUR_MS,
    });

    const minutes = look(TTL_MS - 10 * MINUTE_MS, HOUR_MS);
    expect(minutes).toMatchObject({ expiring: {}, toldBeforeEndMs: 10 * MINUTE_MS });
    expect(dueAfterMs(minutes)).toBe(TTL_MS);
    expect(look(TTL_MS - 1, 10 * MINUTE_MS)).toMatchObject({ expiring: null });
  });

  it('once when both times were over before anybody looked', () => {
    expect(look(TTL_MS - MINUTE_MS, null)).toMatchObject({ expiring: {}, toldBeforeEndMs: 10 * MINUTE_MS });
  });

  it('not at the end itself', () => {
    expect(look(TTL_MS, null)).toMatchObject({ reason: 'Expired', expiring: null });
  });

  it.each([5, 10])('never of a lease of %i minutes', (minutes) => {
    const ttlMs = minutes * MINUTE_MS;
    expect(look(0, null, { ttlMs })).toMatchObject({ expiring: null, toldBeforeEndMs: null });
    expect(look(ttlMs - 1, null, { ttlMs }).expiring).toBeNull();
    expect(dueAfterMs(look(0, null, { ttlMs }))).toBe(ttlMs);
  });

  it.each([11, 60])('of a lease of %i minutes only ten minutes before its end', (minutes) => {
    const ttlMs = minutes * MINUTE_MS;
    expect(look(0, null, { ttlMs }).expiring).toBeNull();
    expect(dueAfterMs(look(0, null, { ttlMs }))).toBe(ttlMs - 10 * MINUTE_MS);
    expect(look(ttlMs - 10 * MINUTE_MS, null, { ttlMs }).toldBeforeEndMs).toBe(10 * MINUTE_MS);
  });

  it('anew after a renewal', () => {
    const renewedAfterMs = TTL_MS - 5 * MINUTE_MS;
    const renewed = look(renewedAfterMs, 10 * MINUTE_MS, { renewedAfterMs });
    expect(renewed).toMatchObject({ expiring: null, toldBeforeEndMs: null });
    expect(dueAfterMs(renewed)).toBe(renewedAfterMs + TTL_MS - HOUR_MS);
    expect(look(renewedAfterMs + TTL_MS - HOUR_MS, null, { renewedAfterMs }).expiring).not.toBeNull();
  });

  it('after a renewal for less than an hour, only ten minutes before the new end', () => {
    const [ttlMs, renewedAfterMs] = [30 * MINUTE_MS, TTL_MS - 30 * MINUTE_MS];
    const renewed = look(renewedAfterMs, HOUR_MS, { ttlMs, renewedAfterMs });
    expect(renewed.expiring).toBeNull();
    expect(dueAfterMs(renewed)).toBe(renewedAfterMs + 20 * MINUTE_MS);
    const told = renewed.toldBeforeEndMs;
    expect(look(renewedAfterMs + 20 * MINUTE_MS, told, { ttlMs, renewedAfterMs }).expiring).not.toBeNull();
  });

  it('also of a rental that has lost its node, whose other times to be looked at stay', () => {
    const node = aNode('a', { record: { state: 'dead' } });
    const lost = look(TTL_MS - HOUR_MS, null, { node, record: { phase: 'Lost' } });
    expect(lost).toMatchObject({ phase: 'Lost', expiring: {}, toldBeforeEndMs: HOUR_MS });
    expect(dueAfterMs(lost)).toBe(TTL_MS - 10 * MINUTE_MS);
  });
});
