import { type Account, addTo, createAccount, type Timeline, type Times } from './account.ts';
import type { Span } from './time.ts';

/** Books what happens to one rental twice: in its own account, and in the buckets of the window. */
export interface Ledger {
  readonly account: Account;
  /** Time that it spent in a phase. */
  addSpan(span: Span, spent: { phase: string; isServed: boolean; isDown: boolean }): void;
  /** Time that was already added and turns out to have been without a working node. */
  addDowntime(span: Span): void;
  addTime(kind: Times, fromMs: number, atMs: number): void;
  /** An outage that begins. */
  addOutage(atMs: number): void;
  /** The last outage to end began earlier than was booked. */
  prolongOutage(span: Span): void;
  /** A move that ended. `deadSinceMs` null: the old node was alive. */
  addMove(atMs: number, deadSinceMs: number | null): void;
}

export function createLedger(timeline: Timeline): Ledger {
  const account = createAccount();

  function addTime(kind: Times, fromMs: number, atMs: number): void {
    if (timeline.contains(atMs)) account.times[kind].push(Math.max(0, atMs - fromMs));
  }

  return {
    account,
    addTime,
    addSpan(span, { phase, isServed, isDown }) {
      const ms = timeline.spread(span, (bucket, part) => {
        addTo(bucket.rentals, phase, part);
        if (isServed) bucket.servedMs += part;
        if (isDown) bucket.withoutNodeMs += part;
      });
      if (isServed) account.servedMs += ms;
      if (isDown) account.withoutNodeMs += ms;
    },
    addDowntime(span) {
      account.withoutNodeMs += timeline.spread(span, (bucket, part) => {
        bucket.withoutNodeMs += part;
      });
    },
    addOutage(atMs) {
      const bucket = timeline.at(atMs);
      if (!bucket) return;
      account.outages++;
      bucket.outages++;
    },
    prolongOutage({ fromMs, toMs }) {
      if (timeline.contains(toMs)) account.times.outage[account.times.outage.length - 1] = toMs - fromMs;
    },
    addMove(atMs, deadSinceMs) {
      const bucket = timeline.at(atMs);
      if (!bucket) return;
      account.moves++;
      bucket.moves++;
      if (deadSinceMs === null) account.plannedMoves++;
      else {
        addTime('move', deadSinceMs, atMs);
        bucket.times.move.push(Math.max(0, atMs - deadSinceMs));
      }
    },
  };
}
