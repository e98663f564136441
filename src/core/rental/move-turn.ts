import type { Node } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import type { Placement, Rental } from '../model/rental.ts';
import { formatDuration } from '../text/duration.ts';
import { isDead } from './departure.ts';

/** A move of a client from one node to another, read off the placements: nothing else is stored of it. */
export interface Move {
  startedAt: Date;
  isUnderWay: boolean;
  /** Its client had no access where he was. */
  isUrgent: boolean;
}

export type Turn =
  | { isNow: true }
  /** `at`: when to look again; null when that is as soon as another move ends. */
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

/** Is there a move among its placements, ended or under way? */
export function hasMoved({ placements }: Rental): boolean {
  return placements.some((placement) => placements.some((other) => wasLeftFor(other, placement)));
}

/** Did the client have the old one when the new one was begun? */
function wasLeftFor(old: Placement, placement: Placement): boolean {
  if (old.epoch >= placement.epoch || old.readyAt === null) return false;
  return old.endedAt === null || old.endedAt > placement.startedAt;
}

/**
 * May one more move begin? At most `maxInFlight` are under way at once, and beyond the first `maxInFlight` at most one
 * begins per `interval`: a bucket of `maxInFlight` tokens to which one is added per interval. A client without access
 * waits only for others like him, one who merely has to leave for all.
 */
export function computeTurn(moves: Move[], isUrgent: boolean, policy: Policy['migrate'], now: Date): Turn {
  const { maxInFlight, intervalMs } = policy;
  const before = moves.filter((move) => move.isUrgent || !isUrgent);
  if (before.filter(({ isUnderWay }) => isUnderWay).length >= maxInFlight) return { isNow: false, at: null };
  const startsMs = before.map(({ startedAt }) => startedAt.getTime()).sort((a, b) => a - b);
  let fullAtMs = Number.NEGATIVE_INFINITY;
  // A start in the future is that of a clock which was set back: nobody is to wait for that time.
  for (const startMs of startsMs.filter((ms) => ms <= now.getTime())) {
    fullAtMs = Math.max(fullAtMs, startMs) + intervalMs;
  }
  const nextAtMs = fullAtMs - (maxInFlight - 1) * intervalMs;
  return nextAtMs <= now.getTime() ? { isNow: true } : { isNow: false, at: new Date(nextAtMs) };
}

/** The same words for as long as it waits, so that a long queue does not write with each move that ends. */
export function describeDiscipline({ maxInFlight, intervalMs }: Policy['migrate']): string {
  return `at most ${maxInFlight} moves at once, and after those one more every ${formatDuration(intervalMs)}`;
}
