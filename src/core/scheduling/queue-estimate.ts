import type { Node } from '../model/node.ts';
import { STATES } from '../model/node-states.ts';
import type { Rental } from '../model/rental.ts';
import { keyOf } from './demand.ts';
import { expectEnd } from './lease-use.ts';
import { matches } from './placement.ts';

const MINUTE = 60_000;
/** From the end of a lease until its node may be lent again: some seconds of cleaning, and the passes in between. */
const CLEANING_MS = 30_000;
/** An announced estimate is replaced only when it is off by more than this share of the wait. */
const TOLERANCE = 0.1;

/** A node, the rental that holds it, and whether it could be taken now. */
export interface Prospect {
  node: Node;
  holder: Rental | null;
  isFree: boolean;
}

/** When a node should be free; null: unknown, as for one that is dead, quarantined, or kept back by an operator. */
export function forecastFree(
  { node, holder, isFree }: Prospect,
  ends: number[],
  nowMs: number,
): number | null {
  const { spec, requests, record } = node;
  if (spec.retiring || requests.cordoned || requests.draining) return null;
  if (isFree) return nowMs;
  if (STATES[record.state].work === 'clean' && record.attempt === 0)
    return Math.max(nowMs, record.stateSince.getTime() + CLEANING_MS);
  if (holder === null || !STATES[record.state].inUse) return null;
  if (holder.releaseRequestedAt !== null) return nowMs + CLEANING_MS;
  const began = holder.placements.find(({ readyAt }) => readyAt !== null)?.readyAt;
  const startMs = (began ?? holder.placements.at(-1)?.startedAt ?? holder.createdAt).getTime();
  const endMs = holder.record.expiresAt?.getTime() ?? startMs + holder.spec.ttlMs;
  return expectEnd(startMs, endMs, ends, nowMs) + CLEANING_MS;
}

/**
 * When each rental in the queue may expect a node, by rental id; rentals for which it is unknown are missing. Plays
 * the queue forward: each node that becomes free goes to the first rental that it fits, which holds it for the
 * share of its lease at which half of the clients have left. Rounded up to the full minute.
 */
export function estimateTurns(
  order: Rental[],
  prospects: Prospect[],
  ends: number[],
  nowMs: number,
): Map<string, Date> {
  const lanes = createLanes(order);
  const coming = prospects.flatMap((prospect) => {
    const atMs = forecastFree(prospect, ends, nowMs);
    return atMs === null ? [] : [{ node: prospect.node, atMs }];
  });
  const typicalShare = ends[0] ?? 1;
  const estimates = new Map<string, Date>();
  coming.sort(compareTimes);
  for (let next = coming.shift(); next && estimates.size < order.length; next = coming.shift()) {
    const { node, atMs } = next;
    const rental = lanes.takeFirst(node);
    // No rental that waits could use it.
    if (rental === undefined) continue;
    estimates.set(rental.id, new Date(Math.ceil(atMs / MINUTE) * MINUTE));
    const again = { node, atMs: atMs + rental.spec.ttlMs * typicalShare + CLEANING_MS };
    const index = coming.findIndex((other) => compareTimes(again, other) < 0);
    coming.splice(index < 0 ? coming.length : index, 0, again);
  }
  return estimates;
}

/** The queue, split by selector, so that the first rental for a node is found without checking all of them. */
function createLanes(order: Rental[]): { takeFirst(node: Node): Rental | undefined } {
  const lanes = new Map<string, { rental: Rental; index: number }[]>();
  for (const [index, rental] of order.entries()) {
    const key = keyOf(rental.spec.selector);
    const lane = lanes.get(key);
    if (lane) lane.push({ rental, index });
    else lanes.set(key, [{ rental, index }]);
  }
  return {
    takeFirst(node) {
      let first: { rental: Rental; index: number }[] | undefined;
      for (const lane of lanes.values()) {
        const [head] = lane;
        if (!head || !matches(head.rental.spec.selector, node)) continue;
        if (first?.[0] === undefined || head.index < first[0].index) first = lane;
      }
      return first?.shift()?.rental;
    },
  };
}

interface Coming {
  node: Node;
  atMs: number;
}

function compareTimes(a: Coming, b: Coming): number {
  return a.atMs - b.atMs || (a.node.spec.name < b.node.spec.name ? -1 : 1);
}

/**
 * The estimate to announce to each rental in the queue. Among rentals that ask for the same, none gets an earlier
 * time than one ahead of it: an old estimate that is still about right may be later than a new one behind it.
 */
export function settleEstimates(
  order: Rental[],
  estimates: ReadonlyMap<string, Date>,
  now: Date,
): Map<string, Date> {
  const settled = new Map<string, Date>();
  const latest = new Map<string, Date>();
  for (const { id, spec, record } of order) {
    const own = settleEstimate(record.queueEstimateAt, estimates.get(id) ?? null, now);
    if (own === null) continue;
    const key = keyOf(spec.selector);
    const ahead = latest.get(key);
    const told = ahead && ahead > own ? ahead : own;
    latest.set(key, told);
    settled.set(id, told);
  }
  return settled;
}

/**
 * The estimate to announce: the old one for as long as it is about right, so that clients see no changes of seconds
 * and a queue that merely waits is not written again and again.
 */
export function settleEstimate(old: Date | null, next: Date | null, now: Date): Date | null {
  if (old === null || next === null || old <= now) return next;
  const toleranceMs = Math.max(MINUTE, TOLERANCE * (next.getTime() - now.getTime()));
  return Math.abs(next.getTime() - old.getTime()) <= toleranceMs ? old : next;
}
