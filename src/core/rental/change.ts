import type { NewEvent } from '../history/event.ts';
import type { Node } from '../model/node.ts';
import { transition } from '../model/node-machine.ts';
import { STATES } from '../model/node-states.ts';
import { newPlacement, type Placement, type Rental } from '../model/rental.ts';
import type { Save } from '../ports/saves.ts';
import { viewNode } from '../view/node-view.ts';
import type { RentalDecision } from './decision.ts';

export type NewPlacement = NonNullable<Save['bind']>;

/** What a decision writes to placements and nodes. */
interface Change {
  save: Pick<Save, 'nodes' | 'bind' | 'placements'>;
  bound: NewPlacement | null;
  /** Events about nodes, for the history. */
  events: NewEvent[];
  /** The rental's placements after the save, for the snapshots in events. A new one has the fence as its epoch. */
  placementsAfter: (fence: number) => Placement[];
}

export function applyChange(rental: Rental, { change }: RentalDecision, now: Date): Change {
  const { placements } = rental;
  switch (change.kind) {
    case 'none':
      return { save: {}, bound: null, events: [], placementsAfter: () => placements };
    case 'bind':
      return bindTo(rental, change.node, change.role, now);
    case 'end': {
      const set = { endedAt: now, endReason: change.endReason };
      const ended = new Set(change.placements.map(({ epoch }) => epoch));
      return {
        save: { placements: [...ended].map((epoch) => ({ epoch, set })) },
        bound: null,
        events: [],
        placementsAfter: () => placements.map((p) => (ended.has(p.epoch) ? { ...p, ...set } : p)),
      };
    }
    case 'promote': {
      const { incoming, old, endReason } = change;
      const ended = { endedAt: now, endReason };
      const changes = [
        { epoch: old.epoch, set: ended },
        // Only after the old one has ended: a rental has at most one serving placement at any moment.
        { epoch: incoming.epoch, set: { role: 'serving' as const } },
      ];
      const after = placements.map((p) => ({ ...p, ...changes.find(({ epoch }) => epoch === p.epoch)?.set }));
      return {
        save: { placements: changes },
        bound: null,
        events: [],
        placementsAfter: () => after,
      };
    }
  }
}

function bindTo(rental: Rental, node: Node, role: 'serving' | 'incoming', now: Date): Change {
  const { record, spec } = node;
  const bound: NewPlacement = {
    rentalId: rental.id,
    node: spec.name,
    role,
    account: rental.account,
    uid: record.nextUid,
    startedAt: now,
  };
  const nodeRecord = { ...transition(record, { type: 'bound' }, now), nextUid: record.nextUid + 1 };
  const entered: NewEvent = {
    type: STATES[nodeRecord.state].event,
    at: now,
    rentalId: null,
    node: spec.name,
    tenant: null,
    reason: 'Provisioning',
    message: `access is being set up for ${rental.id}`,
    object: viewNode({ ...node, record: nodeRecord }, rental.id),
  };
  return {
    save: { nodes: [{ name: spec.name, record: nodeRecord }], bind: bound },
    bound,
    events: [entered],
    placementsAfter: (fence) => [...rental.placements, newPlacement(bound, fence)],
  };
}
