import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../model/policy.ts';
import type { Placement } from '../model/rental.ts';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { computeTurn, listMoves, type Move } from './move-turn.ts';

const policy = { ...DEFAULT_POLICY.migrate, maxInFlight: 3, intervalMs: 10_000 };
const at = (ms: number) => new Date(NOW.getTime() + ms);
const move = (startedMs: number, set: Partial<Move> = {}): Move => ({
  startedAt: at(startedMs),
  isUnderWay: false,
  isUrgent: true,
  ...set,
});

describe('the turn of a move', () => {
  it('comes at once for the first of them, and then once per interval', () => {
    const moves: Move[] = [];
    const startedMs: number[] = [];
    for (let ms = 0; ms <= 30_000; ms += 1_000) {
      while (computeTurn(moves, true, policy, at(ms)).isNow) {
        moves.push(move(ms));
        startedMs.push(ms);
      }
    }
    expect(startedMs).toEqual([0, 0, 0, 10_000, 20_000, 30_000]);
  });

  it('is told to the millisecond, so that it can be waited for', () => {
    const moves = [move(0), move(500), move(900)];
    expect(computeTurn(moves, true, policy, at(1_000))).toEqual({ isNow: false, at: at(10_000) });
    expect(computeTurn(moves, true, policy, at(9_999)).isNow).toBe(false);
    expect(computeTurn(moves, true, policy, at(10_000)).isNow).toBe(true);
  });

  it('does not come while as many are under way as may be, however long ago they began', () => {
    const hanging = [move(-900_000), move(-800_000), move(-700_000)].map((one) => ({
      ...one,
      isUnderWay: true,
    }));
    expect(computeTurn(hanging, true, policy, NOW)).toEqual({ isNow: false, at: null });
    expect(computeTurn(hanging.slice(1), true, policy, NOW).isNow).toBe(true);
  });

  it('of a client without access never waits for those who only have to leave, but they wait for that client', () => {
    const drains = [move(0), move(0), move(0)].map((one) => ({ ...one, isUrgent: false, isUnderWay: true }));
    expect(computeTurn(drains, true, policy, NOW).isNow).toBe(true);
    expect(computeTurn(drains, false, policy, NOW).isNow).toBe(false);
    expect(computeTurn([move(0), move(0), move(0)], false, policy, NOW).isNow).toBe(false);
  });

  it('is not put off by starts in the future, which a clock that was set back leaves', () => {
    expect(computeTurn([move(1e9), move(1e9), move(1e9)], true, policy, NOW).isNow).toBe(true);
  });
});

describe('moves, as the placements tell them', () => {
  const nodes = [aNode('a', { record: { state: 'dead' } }), aNode('b'), aNode('c')];
  const list = (...placements: Placement[]) =>
    listMoves([aRental({ placements })], (name) => nodes.find(({ spec }) => spec.name === name));
  const unready = { readyAt: null, startedAt: at(5) };

  it('are none where a client got a first node, or another first one', () => {
    expect(list(aPlacement(1, 'a'))).toEqual([]);
    const failed = aPlacement(1, 'a', { readyAt: null, endedAt: at(5), endReason: 'NodeDead' });
    expect(list(failed, aPlacement(2, 'b', unready))).toEqual([]);
  });

  it('are under way until the new place is taken over or given up', () => {
    const incoming = aPlacement(2, 'b', { role: 'incoming', ...unready });
    expect(list(aPlacement(1, 'a'), incoming)).toEqual([move(5, { isUnderWay: true })]);
    expect(list(aPlacement(1, 'c'), incoming)).toEqual([move(5, { isUnderWay: true, isUrgent: false })]);
    const given = { ...incoming, endedAt: at(9), endReason: 'PlaybookFailed' };
    expect(list(aPlacement(1, 'a'), given)).toEqual([move(5)]);
    const old = aPlacement(1, 'c', { endedAt: at(9), endReason: 'NodeDead' });
    expect(list(old, { ...incoming, role: 'serving', readyAt: at(8) })).toEqual([move(5)]);
  });
});
