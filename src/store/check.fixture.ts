import type { EventType } from '../core/history/event.ts';
import type { NodeRecord } from '../core/model/node.ts';
import type { RentalPhase } from '../core/model/rental.ts';
import type { Leadership } from '../core/ports/leadership.ts';
import type { Save, SaveResult } from '../core/ports/saves.ts';
import type { Store } from '../core/ports/stores.ts';
import { bindSave, event, fleetOf, newRental, nodeSpec } from './contract/samples.fixture.ts';

/** Lives of rentals, written save by save as the reconciler does, with today's times. */
export interface Lives {
  /** Adds nodes that are alive and free. */
  join(names: string[]): Promise<void>;
  /** Requests a rental. */
  rent(id: string): Promise<void>;
  /** Places it and returns the epoch. */
  place(id: string, node: string): Promise<number>;
  confirm(id: string, node: string, epoch: number): Promise<void>;
  /** Ends the placement. A second save sets its node to cleaning. */
  release(id: string, node: string, epoch: number): Promise<void>;
  clean(id: string, node: string, epoch: number): Promise<void>;
}

export function createLives(store: Store, leader: Leadership): Lives {
  const save = async (what: Save): Promise<SaveResult & { kind: 'saved' }> => {
    const result = await store.save(leader, what);
    if (result.kind !== 'saved') throw new Error(`not saved: ${result.kind}`);
    return result;
  };
  const nodeTo = async (name: string, record: Partial<NodeRecord>) => {
    const node = await store.loadNode(name);
    if (!node) throw new Error(`no node ${name}`);
    return { name, record: { ...node.record, stateSince: new Date(), ...record } };
  };
  const rentalTo = async (id: string, phase: RentalPhase, endedAt: Date | null = null) => {
    const rental = await store.loadRental(id);
    if (!rental) throw new Error(`no rental ${id}`);
    const record = { ...rental.record, phase, endedAt, observedGeneration: rental.generation };
    const seen = {
      seenGeneration: rental.generation,
      seenReleaseRequested: rental.releaseRequestedAt !== null,
    };
    return { id, record, ...seen };
  };
  const told = (type: EventType, id: string, at: Date) => [event({ type, rentalId: id, tenant: 't', at })];

  return {
    async join(names) {
      await store.applyInventory(leader, fleetOf(names.map((name) => nodeSpec(name))), new Date());
      for (const name of names) {
        const record = { status: 'alive', state: 'free', observedGeneration: 1 } as const;
        await save({ nodes: [await nodeTo(name, record)], events: [] });
      }
    },
    async rent(id) {
      const at = new Date();
      const [created] = told('rental.created', id, at);
      await store.createRental(newRental(id, { createdAt: at }), created as never);
    },
    async place(id, node) {
      const at = new Date();
      const bind = await bindSave(store, id, node);
      if (bind.bind) bind.bind.startedAt = at;
      const rentals = [await rentalTo(id, 'Provisioning')];
      return (await save({ ...bind, rentals, events: told('rental.placed', id, at) })).fence;
    },
    async confirm(id, node, epoch) {
      const at = new Date();
      const nodes = [await nodeTo(node, { state: 'allocated' })];
      await save({ nodes, placements: [{ epoch, set: { readyAt: at } }], events: [] });
      await save({ rentals: [await rentalTo(id, 'Active')], events: told('rental.active', id, at) });
    },
    async release(id, node, epoch) {
      const at = new Date();
      await store.requestRelease(
        id,
        at,
        event({ type: 'rental.release_requested', rentalId: id, tenant: 't', at }),
      );
      await save({
        rentals: [await rentalTo(id, 'Releasing')],
        placements: [{ epoch, set: { endedAt: at, endReason: 'ReleaseRequested' } }],
        events: told('rental.releasing', id, at),
      });
      await save({ nodes: [await nodeTo(node, { state: 'cleaning' })], events: [] });
    },
    async clean(id, node, epoch) {
      const at = new Date();
      await save({
        nodes: [await nodeTo(node, { state: 'free', verifiedAt: at })],
        cleaned: { epochs: [epoch], at },
        events: [],
      });
      await save({
        rentals: [await rentalTo(id, 'Released', at)],
        events: told('rental.released', id, at),
      });
    },
  };
}
