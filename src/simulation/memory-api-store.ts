import type { EventType, NewEvent, StoredEvent } from '../core/history/event.ts';
import { NO_CONTROLS } from '../core/model/controls.ts';
import type { InventoryAnswer, InventoryState } from '../core/model/inventory.ts';
import type { Node } from '../core/model/node.ts';
import type { Rental, RentalPhase, RentalRecord } from '../core/model/rental.ts';
import { withRequest } from '../core/node/with-request.ts';
import type { DeliveryStore } from '../core/ports/deliveries.ts';
import type { Delivery } from '../core/ports/delivery.ts';
import type { ApiStore, NewRental, Principal, TokenView } from '../core/ports/stores.ts';
import type { PlacementDecision } from '../core/scheduling/placement-decision.ts';
import { viewNode } from '../core/view/node-view.ts';
import { viewRental } from '../core/view/rental-view.ts';
import { withControl, withOverrideUsed } from './memory/controls.ts';
import { createMemoryDeliveries } from './memory/deliveries.ts';
import { createHistory } from './memory/events.ts';
import { readQosHistory } from './memory/qos.ts';
import { createMemorySessions } from './memory/sessions.ts';
import { createMemoryTenants } from './memory/tenants.ts';

/** The API's store in memory, with methods by which the tests play the reconciler. */
export interface MemoryApiStore extends ApiStore, DeliveryStore {
  readonly rentals: Map<string, Rental>;
  readonly nodes: Map<string, Node>;
  readonly events: StoredEvent[];
  readonly decisions: Map<number, PlacementDecision>;
  readonly deliveries: Delivery[];
  /** What every call rejects with, as when the database is down; null: it works. */
  failure: Error | null;
  addNode(node: Node): void;
  /** Saves a status, and writes the event with its snapshot, as the reconciler does. */
  setStatus(
    id: string,
    type: EventType,
    status: Partial<RentalRecord>,
    placements?: Rental['placements'],
  ): void;
  setNodeState(name: string, type: EventType, record: Partial<Node['record']>): void;
  /** Answers the newest request, as the leader does. */
  answerInventory(answer: InventoryAnswer): void;
  /** Uses the override that waits, as the leader does. */
  useOverride(): void;
}

type StoredToken = TokenView & { hash: string };
interface Key {
  rentalId: string;
  requestHash: string | null;
}

/** `now` decides which tokens have expired. Events are numbered as soon as they are written. */
export function createMemoryApiStore(now: () => Date): MemoryApiStore {
  const rentals = new Map<string, Rental>();
  const nodes = new Map<string, Node>();
  const tokens = new Map<string, StoredToken>();
  const keys = new Map<string, Key>();
  const decisions = new Map<number, PlacementDecision>();
  const events: StoredEvent[] = [];
  const deliveries: Delivery[] = [];
  let inventory: InventoryState | null = null;
  let controls = NO_CONTROLS;

  const write = (event: NewEvent) => {
    const object = typeof event.object === 'function' ? event.object(0) : event.object;
    // Through JSON, as a database would keep it.
    events.push({ ...event, object: JSON.parse(JSON.stringify(object ?? null)), seq: events.length + 1 });
  };
  const findByName = (tenant: string | null, name: string) =>
    [...rentals.values()].filter(
      (rental) => rental.name === name && rental.record.endedAt === null && isOf(rental, tenant),
    );

  const tenants = createMemoryTenants({ rentals, tokens, write, now });
  const store: MemoryApiStore = {
    ...{ rentals, nodes, events, decisions, deliveries, failure: null },
    ...createHistory(events),
    ...createMemoryDeliveries(deliveries, write),
    ...createTokenTable(tokens, now, write),
    ...createMemorySessions(tokens, now, write),
    recordEvents: async (list) => list.forEach(write),
    ...tenants,
    addNode: (node) => nodes.set(node.spec.name, node),
    setStatus(id, type, status, placements) {
      const old = requireEntry(rentals, id);
      const rental = {
        ...old,
        record: { ...old.record, ...status },
        placements: placements ?? old.placements,
      };
      rentals.set(id, rental);
      const object = viewRental(rental, (name) => nodes.get(name));
      const about = { rentalId: id, node: null, tenant: rental.tenant };
      const reason = status.conditions?.find((condition) => condition.type === 'Ready')?.reason ?? 'Accepted';
      write({ type, at: now(), ...about, reason, message: type, object });
    },
    setNodeState(name, type, record) {
      const old = requireEntry(nodes, name);
      const node = { ...old, record: { ...old.record, ...record } };
      nodes.set(name, node);
      const about = { rentalId: null, node: name, tenant: null };
      write({ type, at: now(), ...about, reason: 'Alive', message: type, object: viewNode(node, null) });
    },
    async createRental(rental, event) {
      const keyName = `${rental.tenant} ${rental.idempotencyKey}`;
      const earlier = rental.idempotencyKey === null ? undefined : keys.get(keyName);
      const repeated = earlier && rentals.get(earlier.rentalId);
      if (repeated && earlier.requestHash !== rental.requestHash) return { kind: 'keyReused' };
      if (repeated) return { kind: 'replayed', rental: repeated };
      const holder = findByName(rental.tenant, rental.name)[0];
      if (holder) return { kind: 'exists', rental: holder };
      const over = tenants.findOverQuota(rental.tenant);
      if (over) return { kind: 'overQuota', ...over };
      rentals.set(rental.id, toRental(rental));
      keys.set(keyName, { rentalId: rental.id, requestHash: rental.requestHash });
      write(event);
      return { kind: 'created' };
    },
    async findRental(tenant, idOrName) {
      const rental = rentals.get(idOrName);
      if (rental) return isOf(rental, tenant) ? rental : null;
      const found = findByName(tenant, idOrName);
      return found.length === 1 ? (found[0] ?? null) : null;
    },
    async listRentals(tenant, { limit, cursor, includeEnded }) {
      const visible = [...rentals.values()].filter(
        (rental) => isOf(rental, tenant) && (includeEnded || rental.record.endedAt === null),
      );
      const start = cursor === null ? 0 : visible.findIndex(({ id }) => id === cursor) + 1;
      if (cursor !== null && start === 0) {
        throw Object.assign(new Error('not a cursor'), { name: 'InvalidCursorError' });
      }
      const items = visible.slice(start, start + limit);
      const hasMore = visible.length > start + items.length;
      return { items, nextCursor: hasMore ? (items.at(-1)?.id ?? null) : null };
    },
    async updateRentalSpec(id, expectedGeneration, spec, { renewedAt, event }) {
      const old = requireEntry(rentals, id);
      if (old.generation !== expectedGeneration || old.record.endedAt !== null) return false;
      const generation = old.generation + 1;
      rentals.set(id, { ...old, spec, generation, renewedAt: renewedAt ?? old.renewedAt });
      write(event);
      return true;
    },
    async requestRelease(id, at, event) {
      const old = requireEntry(rentals, id);
      if (old.releaseRequestedAt !== null || old.record.endedAt !== null) return false;
      rentals.set(id, { ...old, releaseRequestedAt: at });
      write(event);
      return true;
    },
    async discardRejected(id) {
      const rental = rentals.get(id);
      if (rental?.record.phase === 'Failed' && rental.placements.length === 0) rentals.delete(id);
    },
    async countRentals() {
      const open = [...rentals.values()].filter(({ record }) => record.endedAt === null);
      const counts = new Map<RentalPhase, number>();
      for (const { record } of open) counts.set(record.phase, (counts.get(record.phase) ?? 0) + 1);
      return [...counts].map(([phase, count]) => ({ phase, count }));
    },
    listNodes: async () => [...nodes.values()],
    findNode: async (name) => nodes.get(name) ?? null,
    async listOccupants() {
      const live = [...rentals.values()].flatMap(({ id, placements }) =>
        placements.filter(({ endedAt }) => endedAt === null).map(({ node }) => [node, id] as const),
      );
      return new Map(live);
    },
    async writeRequest(name, request, event) {
      const node = nodes.get(name);
      if (!node) return null;
      const requests = withRequest(node, request);
      if (requests === null) return false;
      nodes.set(name, { ...node, requests, generation: node.generation + 1 });
      write(event);
      return true;
    },
    listOpenRentals: async () => [...rentals.values()].filter(({ record }) => record.endedAt === null),
    async listPlacementsOfNode(name, { before, limit }) {
      const placed = [...rentals.values()].flatMap(({ placements }) =>
        placements.filter(({ node, epoch }) => node === name && (before === null || epoch < before)),
      );
      return placed.sort((a, b) => b.epoch - a.epoch).slice(0, limit);
    },
    loadDecision: async (epoch) => decisions.get(epoch) ?? null,
    loadControls: async () => controls,
    useOverride() {
      const next = withOverrideUsed(controls, controls.override?.number ?? 0);
      if (next === null) throw new Error('no override waits');
      controls = next;
      const about = { rentalId: null, node: null, tenant: null, object: null };
      const reason = 'BreakerOverridden';
      write({ type: 'pool.override_used', at: now(), ...about, reason, message: 'clients are moved' });
    },
    async writeControl(request, event) {
      const next = withControl(controls, request);
      if (next === null) return false;
      controls = next;
      write(event);
      return true;
    },
    loadInventoryState: async () => inventory,
    async requestInventory({ sha256, force, by }, event) {
      if (event) write(event);
      const requested = (inventory?.requested ?? 0) + 1;
      const request = { requested, requestedSha256: sha256, requestedForce: force, requestedBy: by };
      inventory = { ...(inventory ?? NO_INVENTORY), ...request };
      return requested;
    },
    answerInventory(answer) {
      inventory = { ...(inventory ?? NO_INVENTORY), answered: inventory?.requested ?? 0, answer };
    },
    loadQosHistory: async (asked) => readQosHistory(events, asked),
    async listRentalNames(ids) {
      return new Map(ids.flatMap((id) => (rentals.has(id) ? [[id, rentals.get(id)?.name ?? '']] : [])));
    },
    checkReady: async () => ({ ready: true }),
  };
  return failing(store);
}

function createTokenTable(
  tokens: Map<string, StoredToken>,
  now: () => Date,
  write: (event: NewEvent) => void,
): Pick<ApiStore, 'authenticate' | 'createToken' | 'listTokens' | 'revokeToken'> {
  return {
    async authenticate(hash): Promise<Principal | null> {
      const token = [...tokens.values()].find((candidate) => candidate.hash === hash);
      if (!token || token.revokedAt !== null) return null;
      if (token.expiresAt !== null && token.expiresAt <= now()) return null;
      return { tokenId: token.id, tokenName: token.name, tenant: token.tenant, role: token.role };
    },
    async createToken(token, event) {
      if (event) write(event);
      tokens.set(token.id, { ...token, revokedAt: null });
    },
    listTokens: async () => [...tokens.values()].map(({ hash: _secret, ...view }) => view),
    async revokeToken(id, at, event) {
      const token = tokens.get(id);
      if (!token || token.revokedAt !== null) return false;
      tokens.set(id, { ...token, revokedAt: at });
      if (event) write(event);
      return true;
    },
  };
}

/** The store, whose calls reject while `failure` is set. */
function failing(store: MemoryApiStore): MemoryApiStore {
  const synchronous = ['addNode', 'setStatus', 'setNodeState', 'answerInventory'];
  return new Proxy(store, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      const isCall = typeof value === 'function' && !synchronous.includes(String(property));
      return isCall && target.failure !== null ? () => Promise.reject(target.failure) : value;
    },
  });
}

const NO_INVENTORY: InventoryState = {
  ...{ requested: 0, requestedSha256: null, requestedForce: false, requestedBy: null },
  ...{ answered: 0, answer: null, appliedSha256: null, appliedAt: null },
};

function isOf(rental: Rental, tenant: string | null): boolean {
  return tenant === null || rental.tenant === tenant;
}

function requireEntry<Value>(map: Map<string, Value>, key: string): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`there is no ${key}`);
  return value;
}

function toRental({ idempotencyKey: _key, requestHash: _hash, ...rental }: NewRental): Rental {
  return {
    ...{ ...rental, generation: 1, renewedAt: null, releaseRequestedAt: null, placements: [] },
    record: {
      ...{ phase: 'Pending', observedGeneration: 0, conditions: [], expiresAt: null },
      ...{ queuePosition: null, queueEstimateAt: null, lostAt: null, toldBeforeEndMs: null, endedAt: null },
      resourceVersion: 1,
    },
  };
}
