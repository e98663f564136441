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
import type { TenantStore } from '../tenant/tenant-store.ts';
import type { ControlReader, ControlStore } from './controls.ts';
import type { SessionStore } from './sessions.ts';

/** Proof of leadership: every write of the reconciler names it. */
export interface Leadership {
  token: number;
}

export interface LeadershipSettings {
  durationMs: number;
  holder: string;
}

export interface LeadershipStore {
  /** Takes the lease when it is free, expired, or held by this same holder; null when another one has it. */
  acquire(settings: LeadershipSettings): Promise<Leadership | null>;
  /** False when the lease was lost. */
  renew(leadership: Leadership, settings: LeadershipSettings): Promise<boolean>;
  /** Gives it up at shutdown so that a successor need not wait. */
  release(leadership: Leadership): Promise<void>;
}

/** A tenant was given a node (not one that came to nothing): the last time that it was. */
export interface Service {
  tenant: string;
  node: string;
  at: Date;
}

/** What one guarded save of the reconciler writes, all or nothing. */
export interface Save {
  /** Guarded by `record.resourceVersion`, which the row must still have; the store adds one. */
  nodes?: { name: string; record: NodeRecord }[];
  /** Guarded likewise. `seenGeneration` clears `dirty` when the spec has not changed since it was loaded. */
  rentals?: { id: string; record: RentalRecord; seenGeneration: number; seenReleaseRequested: boolean }[];
  /** Gets its epoch from the fence number of this save, so at most one per save. */
  bind?: Pick<Placement, 'rentalId' | 'node' | 'role' | 'account' | 'uid' | 'startedAt'> & {
    /** Kept with it, for whoever asks why. */
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
  /** What a try to clean a node said of ended placements; in the save that the try brings about anyway. */
  reports?: { epoch: number; report: CleaningReport }[];
  /** Nodes to delete for good (retiring and clean, or given up; without a live placement). */
  removeNodes?: string[];
  /** Number of an override that is made use of; a conflict when it was before, or another was asked for since. */
  overrideUsed?: number;
  events: NewEvent[];
}

export type SaveResult =
  /** `fence`: the number of this save, greater than that of every earlier one. */
  | { kind: 'saved'; fence: number }
  /** A row was changed by somebody else, or a unique key refused: load again; nothing was written. */
  | { kind: 'conflict' }
  /** The lease is not ours any more: stop acting; nothing was written. */
  | { kind: 'deposed' };

/** The reconciler's side of the store. */
export interface ReconcileStore extends ControlReader {
  /** Ids of rentals that the API wrote since they were last seen. Cheap: an indexed column. */
  listDirtyRentals(): Promise<string[]>;
  /** Names of nodes whose spec or requests were written since they were last seen. Cheap likewise. */
  listDirtyNodes(): Promise<string[]>;
  /** Every node with its requests; placements are listed apart. */
  listNodes(): Promise<Node[]>;
  loadNode(name: string): Promise<Node | null>;
  /** Rentals that have not ended, with all of their placements. */
  listOpenRentals(): Promise<Rental[]>;
  loadRental(id: string): Promise<Rental | null>;
  /** Who was given which node when, as far as the newest placements tell. */
  listServices(): Promise<Service[]>;
  /** Of the rentals that ended last, those that once were ready. */
  listLeaseUses(): Promise<LeaseUse[]>;
  /** What the history says of the breaker: did it open last, or close? */
  isBreakerOpen(): Promise<boolean>;
  /** Live placements and residue (ended, not cleaned) of every node, or of one. */
  listPlacementsOnNodes(node?: string): Promise<Placement[]>;
  /** Writes under the fence. Rejects with a StoreError when the database fails. */
  save(leadership: Leadership, save: Save): Promise<SaveResult>;
  /** Raises the fence counter (and a node's next uid) to what a node was found to know. */
  raiseCounters(
    leadership: Leadership,
    seen: { fence: number; node: string; nextUid: number },
  ): Promise<boolean>;
  /** When each node was last probed, in one statement for all of them. */
  saveLastChecked(leadership: Leadership, checked: { node: string; at: Date }[]): Promise<boolean>;
  /** Gives events that the API wrote their place in the order, also when nothing else is saved. */
  numberEvents(leadership: Leadership): Promise<void>;
  /**
   * Deletes at most `limit` rentals that ended before a time, with their placements (but none whose node was not yet
   * verified clean of it), at most as many events of before another, and as many messages that were delivered or given
   * up before a third and a fourth. Under the fence.
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

/** An inventory file as it was read: what the fleet is to be made of. */
export interface WantedFleet {
  specs: NodeSpec[];
  /** SHA-256 of the file's text, in hex. */
  sha256: string;
}

/** The inventory's side: node specs. */
export interface InventoryStore {
  /**
   * Makes the node specs equal to these: inserts, updates, and marks as retiring what is missing (a retiring
   * node that is listed again is lent again). Writes an event for each change. Refuses to take out too much of
   * the fleet at once unless `force`. Under the fence. `answering`: the request that this is the answer to.
   */
  applyInventory(
    leadership: Leadership,
    wanted: WantedFleet & { force: boolean; answering: number | null },
    now: Date,
  ): Promise<InventoryAnswer | 'deposed'>;
  /** Notes that the file was not applied, and why, with its event. Under the fence. */
  refuseInventory(
    leadership: Leadership,
    answer: InventoryAnswer & { kind: 'refused' },
    answering: number | null,
    now: Date,
  ): Promise<boolean>;
  /** Null before the first inventory was applied and nothing was asked for. */
  loadInventoryState(): Promise<InventoryState | null>;
  /** For what a daemon that does not lead has to tell. */
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
 * What was written, or why not; `exists`: the name is taken by this rental that has not ended; `overQuota`: the tenant
 * has as many `rentals` already as it may have at once, or more.
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

/** Of which rentals, and of when; null means any. */
export interface QosQuestion {
  tenant: string | null;
  rentalId: string | null;
  from: Date;
  to: Date;
  limit: number;
}

/** What an operator may ask of a node. */
export type NodeRequest =
  /** Without a reason, one that another gave before stays, with its author. */
  | { kind: 'cordon' | 'drain'; attribution: Attribution }
  | { kind: 'uncordon' | 'clean' | 'forget' }
  | { kind: 'trust'; fingerprint: string }
  /** Takes the node from the fleet that it belongs to, named so that it is this one and no other. */
  | { kind: 'adopt'; fleet: string }
  /** Lets these differences into the baseline, named by their ids so that it is what was seen and nothing else. */
  | { kind: 'accept'; accept: AcceptRequest };

/** The API's side of the store. `tenant` null means every tenant's (admin); it is part of the SQL. */
export interface ApiStore extends SessionStore, TenantStore, ControlStore {
  createRental(rental: NewRental, event: NewEvent): Promise<CreateResult>;
  /** By id or by name among those not ended (an id also finds ended ones). */
  findRental(tenant: string | null, idOrName: string): Promise<Rental | null>;
  listRentals(
    tenant: string | null,
    page: { limit: number; cursor: string | null; includeEnded: boolean },
  ): Promise<Page<Rental>>;
  /**
   * Writes a new spec (generation + 1) where the generation is still `expectedGeneration` and the rental has not
   * ended; `renew` also restarts the lease. False: changed meanwhile or ended.
   */
  updateRentalSpec(
    id: string,
    expectedGeneration: number,
    spec: RentalSpec,
    options: { renewedAt: Date | null; event: NewEvent },
  ): Promise<boolean>;
  /** Idempotent. False when the rental has ended or was asked for already. */
  requestRelease(id: string, at: Date, event: NewEvent): Promise<boolean>;
  /**
   * Deletes a rental that was rejected for want of a machine: only where it has ended as Failed and never had a
   * placement. Its history stays, and its name and Idempotency-Key are free again.
   */
  discardRejected(id: string): Promise<void>;
  /** Of those that have not ended; a phase that none is in is left out. */
  countRentals(): Promise<{ phase: RentalPhase; count: number }[]>;
  listNodes(): Promise<Node[]>;
  findNode(name: string): Promise<Node | null>;
  /** node name -> rental id, of the live placements. */
  listOccupants(): Promise<Map<string, string>>;
  /** Null: there is no such node. False: its state does not allow the request, or it has it already. */
  writeRequest(node: string, request: NodeRequest, event: NewEvent): Promise<boolean | null>;
  /** Open rentals of all tenants, for plans. */
  listOpenRentals(): Promise<Rental[]>;
  /** Placements that there were on a node of this name, newest first; `before`: an epoch to go on from. */
  listPlacementsOfNode(node: string, page: { before: number | null; limit: number }): Promise<Placement[]>;
  /** What a placement was decided from; null when none was kept with it. */
  loadDecision(epoch: number): Promise<PlacementDecision | null>;
  loadInventoryState(): Promise<InventoryState | null>;
  /** Asks the leader to read its inventory file again. The number of the request. */
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
  /** The lowest that is still there; 0 when there is none. */
  firstEventSeq(): Promise<number>;
  /** What of the history the quality of service is computed from; null: more than `limit` entries. */
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
  /** The event is written when it was valid until now. */
  revokeToken(id: string, at: Date, event?: NewEvent): Promise<boolean>;
  /** Entries of the history about what changed nothing, such as who was turned away. */
  recordEvents(events: NewEvent[]): Promise<void>;
  /** Readiness: reachable within the deadline, and the schema is this program's. */
  checkReady(): Promise<{ ready: true } | { ready: false; message: string }>;
}
