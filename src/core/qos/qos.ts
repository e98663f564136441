import type { NodeState } from '../model/node-states.ts';
import type { RentalPhase } from '../model/rental.ts';
import { type Account, type Bucket, createAccount, createTimeline, TIMES } from './account.ts';
import type { NodeOpening, QosEvent } from './event.ts';
import { createNodeTrack, type NodeTrack } from './node.ts';
import { createRentalTrack, type NodeHealth, type RentalTrack } from './rental.ts';
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

const WELL: NodeHealth = { downSinceMs: null, deadSinceMs: null };

/**
 * The quality of service in a window. `ofFleet`: the deaths of all nodes count; otherwise only those of nodes that
 * one of the rentals was on.
 */
export function computeQos(window: Span, { openings, events }: QosHistory, ofFleet: boolean): Qos {
  const timeline = createTimeline(window);
  const nodes = new Map<string, NodeTrack>();
  const rentals = new Map<string, RentalTrack>();
  const clients = new Map<string, Set<RentalTrack>>();
  const detections: number[] = [];
  let nowMs = Number.NEGATIVE_INFINITY;

  const healthOf = (node: string | null) => (node === null ? WELL : (nodes.get(node)?.health() ?? WELL));

  function nodeOf(name: string): NodeTrack {
    const known = nodes.get(name);
    if (known) return known;
    const track = createNodeTrack(timeline);
    nodes.set(name, track);
    return track;
  }

  function changeNode(name: string, atMs: number, change: (track: NodeTrack) => void): void {
    const track = nodeOf(name);
    const before = track.health();
    change(track);
    const after = track.health();
    const bereft = [...(clients.get(name) ?? [])].filter((rental) => rental.nodeChanged(atMs, before, after));
    if (before.deadSinceMs !== null || after.deadSinceMs === null) return;
    const detectionMs = atMs - (before.downSinceMs ?? atMs);
    if (timeline.contains(atMs)) detections.push(detectionMs);
    const told = ofFleet ? [detectionMs] : bereft.map(() => detectionMs);
    timeline.at(atMs)?.times.detection.push(...told);
  }

  function takeNode(name: string, { type, state, isUnreachable, atMs }: QosEvent): void {
    changeNode(name, atMs, (track) => {
      if (type === 'node.removed') track.leave(atMs);
      else track.become(atMs, { state: state as NodeState | null, isUnreachable });
    });
  }

  function takeRental(id: string, event: QosEvent): void {
    const track = rentals.get(id) ?? createRentalTrack(id, event.tenant, timeline);
    rentals.set(id, track);
    const before = track.node();
    track.take(event, healthOf);
    const after = track.node();
    if (before !== after) {
      if (before !== null) clients.get(before)?.delete(track);
      if (after !== null) clients.set(after, (clients.get(after) ?? new Set()).add(track));
    }
    // In histories from before nodes had an event for it, the node is bound from here on.
    const isBound = event.type === 'rental.placed' || event.type === 'rental.migrating';
    if (isBound && event.node !== null && (event.type === 'rental.placed' || event.node !== before)) {
      const isUnreachable = healthOf(event.node).downSinceMs !== null;
      nodeOf(event.node).become(event.atMs, { state: 'provisioning', isUnreachable });
    }
  }

  for (const entry of [...openings, ...events].sort((a, b) => a.seq - b.seq)) {
    if (!('type' in entry)) {
      changeNode(entry.node, entry.stateSinceMs, (track) => track.open(entry));
      continue;
    }
    // A new leader's clock may be behind the last one's: what is later in the order is not earlier in time. The
    // creation of a rental is dated by yet another clock.
    const isBirth = entry.type === 'rental.created';
    if (!isBirth) nowMs = Math.max(nowMs, entry.atMs);
    const event = isBirth ? entry : { ...entry, atMs: nowMs };
    if (event.rentalId !== null) takeRental(event.rentalId, event);
    else if (event.node !== null) takeNode(event.node, event);
  }
  for (const track of [...nodes.values(), ...rentals.values()]) track.settle(window.toMs);
  const found = [...rentals.values()].filter(
    (track) => (track.endedAtMs() ?? window.fromMs) >= window.fromMs,
  );
  const total = sumUp(found.map(({ account }) => account));
  if (ofFleet) total.times.detection = detections;
  const list = found.map((track) => ({
    id: track.id,
    tenant: track.tenant,
    phase: track.phase(),
    createdAtMs: track.createdAtMs(),
    account: track.account,
  }));
  return { window, total, rentals: list, bucketMs: timeline.bucketMs, buckets: timeline.buckets };
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
