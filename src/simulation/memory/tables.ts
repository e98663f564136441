import type { NewEvent, StoredEvent } from '../../core/history/event.ts';
import type { Controls } from '../../core/model/controls.ts';
import type { InventoryState } from '../../core/model/inventory.ts';
import type { Node } from '../../core/model/node.ts';
import type { Placement, Rental } from '../../core/model/rental.ts';
import type { DeliveryRow } from '../../core/ports/delivery.ts';
import type { NewSession } from '../../core/ports/sessions.ts';
import type { NewToken, TokenView } from '../../core/ports/tokens.ts';
import type { PlacementDecision } from '../../core/scheduling/placement-decision.ts';
import { FIRST_SECRET, type SecretVersion } from '../../core/tenant/secret-rotation.ts';
import { DEFAULT_LIMITS, type TenantLimits } from '../../core/tenant/tenant.ts';

// Rows are never changed in place. A write puts another object where the old one was, so what a reader got stays as
// it was when read, as with a database.

export interface RentalRow extends Omit<Rental, 'placements'> {
  dirty: boolean;
  idempotencyKey: string | null;
  requestHash: string | null;
}

export interface TenantRow {
  limits: TenantLimits;
  /** When limits were last set; null: never. */
  updatedAt: Date | null;
  secret: SecretVersion;
  /** What is left of its requests, and since when; null: it has made none. */
  bucket: { tokens: number; atMs: number } | null;
}

/** For a tenant without a row. */
export const NEW_TENANT: TenantRow = {
  limits: DEFAULT_LIMITS,
  updatedAt: null,
  secret: FIRST_SECRET,
  bucket: null,
};

export interface LeadershipRow {
  holder: string;
  token: number;
  seq: number;
  expiresAtMs: number;
}

/** One row that a transaction changed; `after` is undefined when it was deleted. */
export interface Change {
  table: 'nodes' | 'rentals' | 'placements' | 'controls';
  key: string | number;
  before: unknown;
  after: unknown;
}

export interface Commit {
  /** The fence number of a leader's transaction; null for the API's. */
  fence: number | null;
  /** The leadership token that the writer named; null for the API. */
  token: number | null;
  changes: Change[];
  /** With their numbers, when the leader wrote them. */
  events: (NewEvent & { seq: number | null })[];
}

export interface Tables {
  nodes: Map<string, Node>;
  rentals: Map<string, RentalRow>;
  placements: Map<number, Placement>;
  /** epoch -> how the placement was decided. */
  decisions: Map<number, PlacementDecision>;
  lease: LeadershipRow;
  inventory: InventoryState | null;
  /** One row, or none. */
  controls: Map<string, Controls>;
  tokens: Map<string, NewToken & TokenView>;
  /** By the hash of the secret. */
  sessions: Map<string, NewSession>;
  tenants: Map<string, TenantRow>;
  deliveries: Map<number, DeliveryRow>;
  /** The last id that a delivery got. */
  lastDelivery: number;
  /** In their order. */
  events: StoredEvent[];
  /** Written by the API and not numbered yet. */
  waiting: NewEvent[];
}

/** What a transaction writes through. */
export interface Transaction {
  set<Key extends string | number, Row>(
    table: Change['table'],
    map: Map<Key, Row>,
    key: Key,
    row: Row | undefined,
  ): void;
}

export function createTables(): Tables {
  return {
    nodes: new Map(),
    rentals: new Map(),
    placements: new Map(),
    decisions: new Map(),
    lease: { holder: '', token: 0, seq: 0, expiresAtMs: 0 },
    inventory: null,
    controls: new Map(),
    tokens: new Map(),
    sessions: new Map(),
    tenants: new Map(),
    deliveries: new Map(),
    lastDelivery: 0,
    events: [],
    waiting: [],
  };
}

/**
 * Runs `work` and undoes everything that it wrote when it returns false. Returns the changes, or null when undone.
 */
export function transact(work: (transaction: Transaction) => boolean): Change[] | null {
  const changes: Change[] = [];
  const undo: (() => void)[] = [];
  const kept = work({
    set(table, map, key, row) {
      const before = map.get(key);
      changes.push({ table, key, before, after: row });
      undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)));
      if (row === undefined) map.delete(key);
      else map.set(key, row);
    },
  });
  if (kept) return changes;
  for (const step of undo.reverse()) step();
  return null;
}

/** The rental as readers get it. */
export function toRental({ placements }: Tables, row: RentalRow): Rental {
  const { dirty: _dirty, idempotencyKey: _key, requestHash: _hash, ...rental } = row;
  return { ...rental, placements: [...placements.values()].filter(({ rentalId }) => rentalId === row.id) };
}
