import fc from 'fast-check';
import type { EventType } from '../history/event.ts';
import type { NodeState } from '../model/node-states.ts';
import type { RentalPhase } from '../model/rental.ts';
import type { NodeOpening, QosEvent } from './event.ts';
import { computeQos, type Qos } from './qos.ts';

/** Builds a history entry by entry, as the reconciler writes it. Times in milliseconds. */
export function createStory() {
  const events: QosEvent[] = [];
  const add = (
    type: EventType,
    atMs: number,
    about: Partial<Pick<QosEvent, 'rentalId' | 'node' | 'state' | 'isUnreachable' | 'silentSinceMs'>>,
  ) => {
    const unset = { rentalId: null, node: null, state: null, isUnreachable: false };
    const tenant = about.rentalId === undefined ? null : 'anna';
    events.push({ seq: events.length + 1, type, atMs, tenant, ...unset, ...about });
  };
  return {
    events,
    node: (name: string, type: EventType, atMs: number, state: NodeState, isUnreachable = false) =>
      add(type, atMs, { node: name, state, isUnreachable }),
    rental: (id: string, type: EventType, atMs: number, state: RentalPhase, node: string | null = null) =>
      add(type, atMs, { rentalId: id, node, state }),
    restarted: (id: string, atMs: number, node: string, silentSinceMs: number) =>
      add('rental.restarted', atMs, { rentalId: id, node, state: 'Active', silentSinceMs }),
  };
}

/** The quality of service in a window, from what the store would read of the whole history. */
export function askAbout(events: QosEvent[], fromMs: number, toMs: number, ofFleet = true): Qos {
  const seen = events.filter(({ atMs }) => atMs < toMs);
  const openings = new Map<string, NodeOpening>();
  for (const { seq, atMs, node, rentalId, state, isUnreachable, type } of seen) {
    if (atMs >= fromMs || node === null || rentalId !== null) continue;
    const old = openings.get(node);
    openings.set(node, {
      seq,
      node,
      state: state as NodeState,
      stateSinceMs: old?.state === state ? old.stateSinceMs : atMs,
      unreachableSinceMs: isUnreachable ? (old?.unreachableSinceMs ?? atMs) : null,
    });
    if (type === 'node.removed') openings.delete(node);
  }
  const kept = seen.filter(({ rentalId, atMs }) => rentalId !== null || atMs >= fromMs);
  return computeQos({ fromMs, toMs }, { openings: [...openings.values()], events: kept }, ofFleet);
}

const NODES = ['w1', 'w2', 'w3'];
const RENTALS = ['r_1', 'r_2'];
const NODE_STEPS = [
  ['node.suspect', null, true],
  ['node.alive', null, false],
  ['node.dead', 'dead', true],
  ['node.alive', 'dead', true],
  ['node.allocated', 'allocated', false],
  ['node.cleaning', 'cleaning', false],
  ['node.free', 'free', false],
] as const;
const RENTAL_STEPS = [
  ['rental.placed', 'Provisioning'],
  ['rental.active', 'Active'],
  ['rental.lost', 'Lost'],
  ['rental.migrating', 'Migrating'],
  ['rental.migrated', 'Active'],
  ['rental.recovered', 'Active'],
  ['rental.placement_failed', 'Pending'],
  ['rental.releasing', 'Releasing'],
  ['rental.released', 'Released'],
] as const;

/** Histories with steps in any order, even impossible ones: the figures have to stay valid. */
export const anyHistory = fc
  .array(
    fc.record({
      waitMs: fc.integer({ min: 0, max: 400 }),
      isNode: fc.boolean(),
      who: fc.nat(),
      where: fc.nat(),
      step: fc.nat(),
    }),
    // Without this, few histories would be longer than ten.
    { maxLength: 60, size: 'max' },
  )
  .map((steps) => {
    const story = createStory();
    const states = new Map<string, NodeState>();
    const ended = new Set<string>();
    let atMs = 0;
    for (const { waitMs, isNode, who, where, step } of steps) {
      atMs += waitMs;
      if (isNode) {
        const name = NODES[who % NODES.length] as string;
        const [type, next, isUnreachable] = NODE_STEPS[
          step % NODE_STEPS.length
        ] as (typeof NODE_STEPS)[number];
        const state = next ?? states.get(name) ?? 'free';
        states.set(name, state);
        story.node(name, type, atMs, state, isUnreachable);
        continue;
      }
      const id = RENTALS[who % RENTALS.length] as string;
      if (ended.has(id)) continue;
      const [type, phase] = RENTAL_STEPS[step % RENTAL_STEPS.length] as (typeof RENTAL_STEPS)[number];
      if (phase === 'Released') ended.add(id);
      story.rental(id, type, atMs, phase, NODES[where % NODES.length] as string);
    }
    return story.events;
  });
