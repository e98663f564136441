import type { EventType, NewEvent, StoredEvent } from '../core/history/event.ts';
import { withOverrideUsed } from '../core/model/controls.ts';
import { type InventoryAnswer, NO_INVENTORY } from '../core/model/inventory.ts';
import type { Node, NodeRecord } from '../core/model/node.ts';
import type { Placement, Rental, RentalRecord } from '../core/model/rental.ts';
import { type Delivery, startOver } from '../core/ports/delivery.ts';
import { aRental } from '../core/rows.fixture.ts';
import type { PlacementDecision } from '../core/scheduling/placement-decision.ts';
import { viewNode } from '../core/view/node-view.ts';
import { viewRental } from '../core/view/rental-view.ts';
import { CONTROLS_KEY, controlsOf } from '../simulation/memory/controls.ts';
import { createMemoryStore, type MemoryStore } from '../simulation/memory/store.ts';
import { type Tables, toRental } from '../simulation/memory/tables.ts';

/** The store in memory, with methods by which tests play the reconciler. Each event is numbered at once. */
export interface PlayedStore extends MemoryStore {
  readonly rentals: ReadonlyMap<string, Rental>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly events: StoredEvent[];
  readonly decisions: Map<number, PlacementDecision>;
  readonly deliveries: readonly Delivery[];
  /** What every call rejects with, as when the database is down; null: it works. */
  failure: Error | null;
  addNode(node: Node): void;
  putRental(rental: Rental): void;
  dropRental(id: string): void;
  addDelivery(delivery: Delivery): void;
  /** Saves a status, and writes the event with its snapshot, as the reconciler does. */
  setStatus(id: string, type: EventType, status: Partial<RentalRecord>, placements?: Placement[]): void;
  setNodeState(name: string, type: EventType, record: Partial<NodeRecord>): void;
  /** Answers the newest request, as the leader does. */
  answerInventory(answer: InventoryAnswer): void;
  /** Uses the override that waits, as the leader does. */
  useOverride(): void;
}

/** `now` decides which tokens have expired. */
export function createPlayedStore(now: () => Date): PlayedStore {
  const store = createMemoryStore({
    nowMs: () => now().getTime(),
    onCommit: ({ fence, events }) => {
      if (fence === null && events.length > 0) numberEvents(store);
    },
  });
  const { tables } = store;
  Object.assign(tables.lease, { token: LEADER.token, expiresAtMs: Infinity });
  const record = (event: Omit<NewEvent, 'at'>) => void store.recordEvents([{ ...event, at: now() }]);
  const played = Object.assign(createPlays(tables, record, now), store);
  return new Proxy(played, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      const isCall = typeof value === 'function' && Object.hasOwn(store, property);
      return isCall && target.failure !== null ? () => Promise.reject(target.failure) : value;
    },
  });
}

const LEADER = { token: 1 };

function numberEvents(store: MemoryStore): void {
  const { lease, events } = store.tables;
  // Fence numbers would leave gaps, and the tests count.
  lease.seq = (events.at(-1)?.seq ?? 0) - 1;
  void store.numberEvents(LEADER);
}

function createPlays(
  tables: Tables,
  record: (event: Omit<NewEvent, 'at'>) => void,
  now: () => Date,
): Omit<PlayedStore, keyof MemoryStore> {
  const { nodes, events, decisions, deliveries } = tables;
  return {
    nodes,
    events,
    decisions,
    failure: null,
    get rentals() {
      return new Map([...tables.rentals].map(([id, row]) => [id, toRental(tables, row)]));
    },
    get deliveries() {
      return [...deliveries.values()];
    },
    addNode: (node) => void nodes.set(node.spec.name, node),
    putRental: (rental) => putRental(tables, rental),
    dropRental: (id) => void tables.rentals.delete(id),
    addDelivery(delivery) {
      const id = ++tables.lastDelivery;
      const data = { ...viewRental(aRental(), () => undefined), reason: 'Test', message: '' };
      const body = { type: delivery.type, timestamp: now().toISOString(), data };
      deliveries.set(id, { ...startOver(now()), ...delivery, id, body });
    },
    setStatus(id, type, status, placements) {
      const old = toRental(tables, requireRow(tables.rentals, id));
      putRental(tables, {
        ...old,
        record: { ...old.record, ...status },
        placements: placements ?? old.placements,
      });
      const rental = toRental(tables, requireRow(tables.rentals, id));
      const object = viewRental(rental, (name) => nodes.get(name));
      const about = { rentalId: id, node: null, tenant: rental.tenant };
      const reason = status.conditions?.find((condition) => condition.type === 'Ready')?.reason ?? 'Accepted';
      record({ type, ...about, reason, message: type, object });
    },
    setNodeState(name, type, set) {
      const old = requireRow(nodes, name);
      const node = { ...old, record: { ...old.record, ...set } };
      nodes.set(name, node);
      const about = { rentalId: null, node: name, tenant: null };
      record({ type, ...about, reason: 'Alive', message: type, object: viewNode(node, null) });
    },
    answerInventory(answer) {
      const inventory = tables.inventory ?? NO_INVENTORY;
      tables.inventory = { ...inventory, answered: inventory.requested, answer };
    },
    useOverride() {
      const controls = controlsOf(tables);
      const used = withOverrideUsed(controls, controls.override?.number ?? 0);
      if (used === null) throw new Error('no override waits');
      tables.controls.set(CONTROLS_KEY, used);
      const about = { rentalId: null, node: null, tenant: null, object: null };
      const reason = 'BreakerOverridden';
      record({ type: 'pool.override_used', ...about, reason, message: 'clients are moved' });
    },
  };
}

function putRental({ rentals, placements: rows }: Tables, { placements, ...rental }: Rental): void {
  const { dirty = false, idempotencyKey = null, requestHash = null } = rentals.get(rental.id) ?? {};
  rentals.set(rental.id, { ...rental, dirty, idempotencyKey, requestHash });
  for (const { epoch, rentalId } of rows.values()) if (rentalId === rental.id) rows.delete(epoch);
  for (const placement of placements) {
    let { epoch } = placement;
    // All samples have the same one.
    while (rows.has(epoch)) epoch++;
    rows.set(epoch, { ...placement, epoch });
  }
}

function requireRow<Row>(rows: Map<string, Row>, key: string): Row {
  const row = rows.get(key);
  if (row === undefined) throw new Error(`there is no ${key}`);
  return row;
}
