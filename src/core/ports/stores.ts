import type { NewEvent, StoredEvent } from '../history/event.ts';
import type { StoredEventFilter } from '../history/event-filter.ts';
import type { Attribution } from '../model/controls.ts';
import type { AcceptRequest } from '../model/differences.ts';
import type { InventoryAnswer, InventoryState } from '../model/inventory.ts';
import type { Node, NodeRecord, NodeSpec } from '../model/node.ts';
import type {
  CleaningReport,
  Placement,
  Rental,
  RentalPhase,
  RentalRecord,
  RentalSpec,
} from '../model/rental.ts';
import type { QosHistory } from '../qos/qos.ts';
import type { LeaseUse } from '../scheduling/lease-use.ts';
import type { PlacementDecision } from '../scheduling/placement-decision.ts';
import type { ControlReader, ControlStore } from './controls.ts';
import type { SessionStore } from './sessions.ts';
import type { TenantStore } from './tenants.ts';

/** Proof of leadership: every write of the reconciler names it. */
export interface Leadership {
  token: number;
}

export interface LeadershipSettings {
  durationMs: number;
  holder: string;
}

export interface LeadershipStore {
  /** Takes leadership when it is free, expired, or already this holder's; null when another holder has it. */
  acquire(settings: LeadershipSettings): Promise<Leadership | null>;
  /** False when leadership was lost. */
  renew(leadership: Leadership, settings: LeadershipSettings): Promise<boolean>;
  /** Gives it up at shutdown so that a successor need not wait. */
  release(leadership: Leadership): Promise<void>;
}

/** The last time that a tenant was given a node, not counting placements that ended before they were ready. */
export interface Service {
  tenant: string;
  node: string;
  at: Date;
}

/** What one guarded save of the reconciler writes, all or nothing. */
export interface Save {
  /** Guarded by `record.resourceVersion`, which the row must still have; the store adds one. */
  nodes?: { name: string; record: NodeRecord }[];
  /** Guarded the same way. `seenGeneration` clears `dirty` when the spec has not changed since it was loaded. */
  rentals?: { id: string; record: RentalRecord; seenGeneration: number; seenReleaseRequested: boolean }[];
  /** Gets its epoch from the fence number of this save, so at most one per save. */
  bind?: Pick<Placement, 'rentalId' | 'node' | 'role' | 'account' | 'uid' | 'startedAt'> & {
    /** Kept with the placement, to explain it later. */
    decision?: PlacementDecision;
  };
  /** Changes of live placements, guarded by `ended_at is null`. */
  placements?: {
    epoch: number;
    set: Partial<
      Pick<Placement, 'role' | 'readyAt' | 'appliedKey' | 'appliedExpiresAt' | 'endedAt' | 'endReason'>
    >;
  }[];
  /** Ended placements whose residue was verified gone. */
  cleaned?: { epochs: number[]; at: Date };
  /** What an attempt to clean a node reported about ended placements, in the save that the attempt causes anyway. */
  reports?: { epoch: number; report: CleaningReport }[];
  /** Nodes to delete for good (retiring and clean, or given up; without a live placement). */
  removeNodes?: string[];
  /** Number of the override that is used; a conflict if it was used before, or a newer one was requested. */
  overrideUsed?: number;
  events: NewEvent[];
}

export type SaveResult =
  /** `fence`: the number of this save, greater than that of every earlier one. */
  | { kind: 'saved'; fence: number }
  /** Somebody else changed a row, or a unique key refused: nothing was written; load again. */
  | { kind: 'conflict' }
  /** Leadership was lost: nothing was written; stop acting. */
  | { kind: 'deposed' };

/** The reconciler's side of the store. */
export interface ReconcileStore extends ControlReader {
  /** Ids of rentals that the API wrote since they were last seen. Cheap: an indexed column. */
  listDirtyRentals(): Promise<string[]>;
  /** Names of nodes whose spec or requests were written since they were last seen. Just as cheap. */
  listDirtyNodes(): Promise<string[]>;
  /** Every node with its requests; placements are listed separately. */
  listNodes(): Promise<Node[]>;
  loadNode(name: string): Promise<Node | null>;
  /** Rentals that have not ended, with all of their placements. */
  listOpenRentals(): Promise<Rental[]>;
  loadRental(id: string): Promise<Rental | null>;
  /** Which tenant was given which node when, as far as the newest placements show. */
  listServices(): Promise<Service[]>;
  /** How the rentals that ended last used their leases; only those that once were ready. */
  listLeaseUses(): Promise<LeaseUse[]>;
  /** Was the breaker's last event in the history its opening? */
  isBreakerOpen(): Promise<boolean>;
  /** Live placements and residue (ended, not cleaned) of every node, or of one. */
  listPlacementsOnNodes(node?: string): Promise<Placement[]>;
  /** Writes under the fence. Rejects with a StoreError when the database fails. */
  save(leadership: Leadership, save: Save): Promise<SaveResult>;
  /** Raises the fence counter (and a node's next uid) to what a node was found to have seen. */
  raiseCounters(
    leadership: Leadership,
    seen: { fence: number; node: string; nextUid: number },
  ): Promise<boolean>;
  /** Saves when each node was last probed, in one statement for all of them. */
  saveLastChecked(leadership: Leadership, checked: { node: string; at: Date }[]): Promise<boolean>;
  /** Gives the events that the API wrote their place in the order, even when nothing else is saved. */
  numberEvents(leadership: Leadership): Promise<void>;
  /**
   * Deletes at most `limit` each of rentals, events and messages that are older than their cutoff. Rentals count
   * from their end and go with their placements, but stay while a node is not verified clean of them. Messages count
   * from when they were delivered or given up. Under the fence.
   */
  purge(
    leadership: Leadership,
    what: {
      rentalsEndedBefore: Date;
      eventsBefore: Date;
      deliveredBefore: Date;
      deadBefore: Date;
      limit: number;
    },
  ): Promise<{ rentals: number; events: number; deliveries: number } | 'deposed'>;
}

/** An inventory file as it was read: what the fleet should be made of. */
export interface WantedFleet {
  specs: NodeSpec[];
  /** SHA-256 of the file's text, in hex. */
  sha256: string;
}

/** The inventory's side: node specs. */
export interface InventoryStore {
  /**
   * Makes the node specs equal to these: inserts, updates, and marks missing nodes as retiring (a retiring node that
   * is listed again is lent again). Writes an event for each change. Refuses to take out too much of the fleet at
   * once unless `force`. Under the fence. `answering`: the request that this answers.
   */
  applyInventory(
    leadership: Leadership,
    wanted: WantedFleet & { force: boolean; answering: number | null },
    now: Date,
  ): Promise<InventoryAnswer | 'deposed'>;
  /** Records that the file was not applied, and why, with its event. Under the fence. */
  refuseInventory(
    leadership: Leadership,
    answer: InventoryAnswer & { kind: 'refused' },
    answering: number | null,
    now: Date,
  ): Promise<boolean>;
  /** Null until an inventory is applied or requested for the first time. */
  loadInventoryState(): Promise<InventoryState | null>;
  /** Writes an event of a daemon that does not lead. */
  recordEvent(event: NewEvent): Promise<void>;
}

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export interface NewRental {
  id: string;
  tenant: string;
  name: string;
  account: string;
  spec: RentalSpec;
  createdAt: Date;
  idempotencyKey: string | null;
  /** SHA-256 of the canonical request body, to tell a replay from another request under the same key. */
  requestHash: string | null;
}

/**
 * What was written, or why not. `exists`: this rental has the name and has not ended. `overQuota`: the tenant
 * already has as many rentals as it may have at once, or more.
 */
export type CreateResult =
  | { kind: 'created' }
  | { kind: 'replayed'; rental: Rental }
  | { kind: 'keyReused' }
  | { kind: 'exists'; rental: Rental }
  | { kind: 'overQuota'; maxRentals: number; rentals: number };

export type Principal = {
  tokenId: string;
  tokenName: string | null;
  tenant: string;
  role: 'tenant' | 'admin';
};

export interface TokenView {
  id: string;
  name: string | null;
  tenant: string;
  role: 'tenant' | 'admin';
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

/** Selects rentals and a time span; null means any. */
export interface QosQuestion {
  tenant: string | null;
  rentalId: string | null;
  from: Date;
  to: Date;
  limit: number;
}

/** What an operator may ask of a node. */
export type NodeRequest =
  /** Without a reason, an earlier one stays, with its author. */
  | { kind: 'cordon' | 'drain'; attribution: Attribution }
  | { kind: 'uncordon' | 'clean' | 'forget' }
  | { kind: 'trust'; fingerprint: string }
  /** Takes the node from the fleet that it belongs to, which is named so that it can be no other. */
  | { kind: 'adopt'; fleet: string }
  /** Accepts these differences into the baseline, named by id so that it is what was seen and nothing else. */
  | { kind: 'accept'; accept: AcceptRequest };

/** The API's side of the store. `tenant` null means every tenant's (admin); it is part of the SQL. */
export interface ApiStore extends SessionStore, TenantStore, ControlStore {
  createRental(rental: NewRental, event: NewEvent): Promise<CreateResult>;
  /** By id, or by name among those not ended; an id also finds ended ones. */
  findRental(tenant: string | null, idOrName: string): Promise<Rental | null>;
  listRentals(
    tenant: string | null,
    page: { limit: number; cursor: string | null; includeEnded: boolean },
  ): Promise<Page<Rental>>;
  /**
   * Writes a new spec (generation + 1) if the generation is still `expectedGeneration` and the rental has not ended;
   * `renewedAt` also restarts the lease. False: changed meanwhile or ended.
   */
  updateRentalSpec(
    id: string,
    expectedGeneration: number,
    spec: RentalSpec,
    options: { renewedAt: Date | null; event: NewEvent },
  ): Promise<boolean>;
  /** Idempotent. False when the rental has ended or its release was already requested. */
  requestRelease(id: string, at: Date, event: NewEvent): Promise<boolean>;
  /**
   * Deletes a rental that was rejected because no machine was free, but only if it ended as Failed and never had a
   * placement. Its history stays, and its name and Idempotency-Key are free again.
   */
  discardRejected(id: string): Promise<void>;
  /** Rentals that have not ended, by phase; phases without any are left out. */
  countRentals(): Promise<{ phase: RentalPhase; count: number }[]>;
  listNodes(): Promise<Node[]>;
  findNode(name: string): Promise<Node | null>;
  /** node name -> rental id, of the live placements. */
  listOccupants(): Promise<Map<string, string>>;
  /** Null: there is no such node. False: its state does not allow the request, or it is already in force. */
  writeRequest(node: string, request: NodeRequest, event: NewEvent): Promise<boolean | null>;
  /** Open rentals of all tenants, for plans. */
  listOpenRentals(): Promise<Rental[]>;
  /** Placements on a node of this name, past and present, newest first; `before`: an epoch to continue from. */
  listPlacementsOfNode(node: string, page: { before: number | null; limit: number }): Promise<Placement[]>;
  /** How a placement was decided; null when that was not kept. */
  loadDecision(epoch: number): Promise<PlacementDecision | null>;
  loadInventoryState(): Promise<InventoryState | null>;
  /** Asks the leader to read its inventory file again. Returns the number of the request. */
  requestInventory(
    request: { sha256: string | null; force: boolean; by: string },
    event?: NewEvent,
  ): Promise<number>;
  listEvents(
    tenant: string | null,
    filter: StoredEventFilter & { afterSeq: number; limit: number },
  ): Promise<StoredEvent[]>;
  /** The newest events, newest first; `beforeSeq` pages back. */
  listRecentEvents(
    tenant: string | null,
    filter: StoredEventFilter & { beforeSeq: number | null; limit: number },
  ): Promise<StoredEvent[]>;
  /** The highest event number that readers may rely on. */
  lastEventSeq(): Promise<number>;
  /** The lowest event number still kept; 0 when there is none. */
  firstEventSeq(): Promise<number>;
  /** The history that the quality of service is computed from; null: more than `limit` entries. */
  loadQosHistory(asked: QosQuestion): Promise<QosHistory | null>;
  /** Names of the rentals that are still kept. */
  listRentalNames(ids: string[]): Promise<Map<string, string>>;
  /** By the SHA-256 of the secret; null when unknown, expired or revoked. */
  authenticate(tokenHash: string): Promise<Principal | null>;
  createToken(
    token: { id: string; name: string | null; hash: string; createdAt: Date; expiresAt: Date | null } & Pick<
      Principal,
      'tenant' | 'role'
    >,
    event?: NewEvent,
  ): Promise<void>;
  listTokens(): Promise<TokenView[]>;
  /** Writes the event if the token was not revoked before. */
  revokeToken(id: string, at: Date, event?: NewEvent): Promise<boolean>;
  /** Writes history entries about what changed nothing, such as refused requests. */
  recordEvents(events: NewEvent[]): Promise<void>;
  /** Readiness: reachable within the deadline, and the schema is this program's. */
  checkReady(): Promise<{ ready: true } | { ready: false; message: string }>;
}
