import type { Node } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import type { Placement, Rental } from '../model/rental.ts';
import { formatDuration } from '../text/duration.ts';
import { isDead } from './departure.ts';

/** A move of a client from one node to another, derived from the placements: nothing else is stored about it. */
export interface Move {
  startedAt: Date;
  isUnderWay: boolean;
  /** Its client had no access to the old node. */
  isUrgent: boolean;
}

export type Turn =
  | { isNow: true }
  /** `at`: when to try again; null: as soon as another move ends. */
  | { isNow: false; at: Date | null };

export function listMoves(rentals: Rental[], nodeOf: (name: string) => Node | undefined): Move[] {
  return rentals.flatMap(({ placements }) =>
    placements.flatMap((placement) => {
      const old = placements.findLast((other) => wasLeftFor(other, placement));
      if (old === undefined) return [];
      const { startedAt, endedAt, role } = placement;
      const isUrgent = old.endedAt === null ? isDead(nodeOf(old.node)) : old.endReason === 'NodeDead';
      return [{ startedAt, isUnderWay: role === 'incoming' && endedAt === null, isUrgent }];
    }),
  );
}

/** Is there a move, ended or under way, among its placements? */
export function hasMoved({ placements }: Rental): boolean {
  return placements.some((placement) => placements.some((other) => wasLeftFor(other, placement)));
}

/** Did the client have access to the old one when the new one began? */
function wasLeftFor(old: Placement, placement: Placement): boolean {
  if (old.epoch >= placement.epoch || old.readyAt === null) return false;
  return old.endedAt === null || old.endedAt > placement.startedAt;
}

/**
 * May one more move begin? At most `maxInFlight` are under way at once, and beyond the first `maxInFlight` at most
 * one begins per `interval`: a bucket of `maxInFlight` tokens to which one is added per interval. An urgent move
 * waits only for other urgent ones; any other move waits for all.
 */
export function computeTurn(moves: Move[], isUrgent: boolean, policy: Policy['migrate'], now: Date): Turn {
  const { maxInFlight, intervalMs } = policy;
  const before = moves.filter((move) => move.isUrgent || !isUrgent);
  if (before.filter(({ isUnderWay }) => isUnderWay).length >= maxInFlight) return { isNow: false, at: null };
  const startsMs = before.map(({ startedAt }) => startedAt.getTime()).sort((a, b) => a - b);
  let fullAtMs = Number.NEGATIVE_INFINITY;
  // A start in the future comes from a clock that was set back: no move is to wait for that time.
  for (const startMs of startsMs.filter((ms) => ms <= now.getTime())) {
    fullAtMs = Math.max(fullAtMs, startMs) + intervalMs;
  }
  const nextAtMs = fullAtMs - (maxInFlight - 1) * intervalMs;
  return nextAtMs <= now.getTime() ? { isNow: true } : { isNow: false, at: new Date(nextAtMs) };
}

/** The same text for as long as a rental waits, so that a long queue is not rewritten with each move that ends. */
export function describeDiscipline({ maxInFlight, intervalMs }: Policy['migrate']): string {
  return `at most ${maxInFlight} moves at once, and after those one more every ${formatDuration(intervalMs)}`;
}
