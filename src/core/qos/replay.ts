import { BOUND_STATE, type NodeState } from '../model/node-states.ts';
import type { Timeline } from './account.ts';
import type { NodeOpening, QosEvent } from './event.ts';
import { createNodeTrack, type NodeHealth, type NodeTrack } from './node.ts';
import { createRentalTrack, type RentalTrack } from './rental.ts';

/** All nodes and rentals as a history is replayed. */
export interface Replay {
  /** Takes the next entry, in order. */
  take(entry: NodeOpening | QosEvent): void;
  /** Accounts for the time until `atMs`. */
  settle(atMs: number): void;
  rentals(): RentalTrack[];
  /** For each node that died in the window: milliseconds from the first sign of failure to the verdict. */
  detections(): number[];
}

const WELL: NodeHealth = { downSinceMs: null, deadSinceMs: null };

/** `ofFleet`: the deaths of all nodes are charted; otherwise only those of nodes that one of the rentals was on. */
export function createReplay(timeline: Timeline, ofFleet: boolean): Replay {
  const nodes = new Map<string, NodeTrack>();
  const rentals = new Map<string, RentalTrack>();
  const occupants = createOccupants();
  const detections: number[] = [];

  const healthOf = (node: string | null) => (node === null ? WELL : (nodes.get(node)?.health() ?? WELL));

  function nodeOf(name: string): NodeTrack {
    const track = nodes.get(name) ?? createNodeTrack(timeline);
    nodes.set(name, track);
    return track;
  }

  function changeNode(name: string, atMs: number, change: (track: NodeTrack) => void): void {
    const track = nodeOf(name);
    const before = track.health();
    change(track);
    const after = track.health();
    const bereft = occupants.of(name).filter((rental) => rental.nodeChanged(atMs, before, after));
    if (before.deadSinceMs !== null || after.deadSinceMs === null) return;
    const detectionMs = atMs - (before.downSinceMs ?? atMs);
    if (timeline.contains(atMs)) detections.push(detectionMs);
    const charted = ofFleet ? [detectionMs] : bereft.map(() => detectionMs);
    timeline.at(atMs)?.times.detection.push(...charted);
  }

  function takeRental(id: string, event: QosEvent): void {
    const track = rentals.get(id) ?? createRentalTrack(id, event.tenant, timeline);
    rentals.set(id, track);
    const before = track.node();
    track.take(event, healthOf);
    occupants.move(track, before, track.node());
    // In histories from before nodes had an event for it, the node is bound from here on.
    const isBound = event.type === 'rental.placed' || event.type === 'rental.migrating';
    if (isBound && event.node !== null && (event.type === 'rental.placed' || event.node !== before)) {
      const isUnreachable = healthOf(event.node).downSinceMs !== null;
      nodeOf(event.node).become(event.atMs, { state: BOUND_STATE, isUnreachable });
    }
  }

  return {
    take(entry) {
      if (!('type' in entry)) changeNode(entry.node, entry.stateSinceMs, (track) => track.open(entry));
      else if (entry.rentalId !== null) takeRental(entry.rentalId, entry);
      else if (entry.node !== null) changeNode(entry.node, entry.atMs, (track) => follow(track, entry));
    },
    settle(atMs) {
      for (const track of [...nodes.values(), ...rentals.values()]) track.settle(atMs);
    },
    rentals: () => [...rentals.values()],
    detections: () => detections,
  };
}

function follow(track: NodeTrack, { type, state, isUnreachable, atMs }: QosEvent): void {
  if (type === 'node.removed') track.leave(atMs);
  else track.become(atMs, { state: state as NodeState | null, isUnreachable });
}

/** The rentals on each node. */
function createOccupants() {
  const byNode = new Map<string, Set<RentalTrack>>();
  return {
    of: (node: string): RentalTrack[] => [...(byNode.get(node) ?? [])],
    move(rental: RentalTrack, from: string | null, to: string | null): void {
      if (from === to) return;
      if (from !== null) byNode.get(from)?.delete(rental);
      if (to !== null) byNode.set(to, (byNode.get(to) ?? new Set()).add(rental));
    },
  };
}
