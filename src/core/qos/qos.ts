import type { RentalPhase } from '../model/rental.ts';
import { type Account, type Bucket, createAccount, createTimeline, TIMES } from './account.ts';
import type { NodeOpening, QosEvent } from './event.ts';
import { createReplay } from './replay.ts';
import type { Span } from './time.ts';

/** What a window of the history adds up to; times in milliseconds. */
export interface Qos {
  window: Span;
  /** For the fleet, or for the selected rentals. */
  total: Account;
  rentals: RentalQos[];
  bucketMs: number;
  buckets: readonly Bucket[];
}

export interface RentalQos {
  id: string;
  tenant: string | null;
  /** At the end of the window. */
  phase: RentalPhase;
  /** Null: its creation is no longer in the history. */
  createdAtMs: number | null;
  account: Account;
}

/** The part of the history that it is computed from. */
export interface QosHistory {
  /** The nodes as they were when the window began; none for those that joined later. */
  openings: NodeOpening[];
  /** In any order. For rentals that existed when the window began, earlier events are included. */
  events: QosEvent[];
}

/**
 * The quality of service in a window. `ofFleet`: the deaths of all nodes count; otherwise only those of nodes that
 * one of the rentals was on.
 */
export function computeQos(window: Span, history: QosHistory, ofFleet: boolean): Qos {
  const timeline = createTimeline(window);
  const replay = createReplay(timeline, ofFleet);
  for (const entry of inOrder(history)) replay.take(entry);
  replay.settle(window.toMs);
  const found = replay.rentals().filter((track) => (track.endedAtMs() ?? window.fromMs) >= window.fromMs);
  const total = sumUp(found.map(({ account }) => account));
  if (ofFleet) total.times.detection = replay.detections();
  const rentals = found.map((track) => ({
    id: track.id,
    tenant: track.tenant,
    phase: track.phase(),
    createdAtMs: track.createdAtMs(),
    account: track.account,
  }));
  return { window, total, rentals, bucketMs: timeline.bucketMs, buckets: timeline.buckets };
}

/** In the order of the history. Time never goes back in it, although each leader has a clock of its own. */
function* inOrder({ openings, events }: QosHistory): Generator<NodeOpening | QosEvent> {
  let nowMs = Number.NEGATIVE_INFINITY;
  for (const entry of [...openings, ...events].sort((a, b) => a.seq - b.seq)) {
    // The creation of a rental is dated by the clock of the API's process.
    if (!('type' in entry) || entry.type === 'rental.created') yield entry;
    else {
      nowMs = Math.max(nowMs, entry.atMs);
      yield { ...entry, atMs: nowMs };
    }
  }
}

function sumUp(accounts: Account[]): Account {
  const total = createAccount();
  for (const account of accounts) {
    total.servedMs += account.servedMs;
    total.withoutNodeMs += account.withoutNodeMs;
    total.outages += account.outages;
    total.moves += account.moves;
    total.plannedMoves += account.plannedMoves;
    for (const kind of TIMES) for (const ms of account.times[kind]) total.times[kind].push(ms);
  }
  return total;
}
