import type { Reason } from '../failure/reason.ts';
import type { Condition } from './condition.ts';

export const RENTAL_PHASES = [
  'Pending',
  'Provisioning',
  'Active',
  'Migrating',
  'Lost',
  'Releasing',
  'Released',
  'Failed',
] as const;
export type RentalPhase = (typeof RENTAL_PHASES)[number];

export interface Selector {
  matchLabels: Record<string, string>;
  zone: string | null;
}

/** What the client wants. Written by the API alone. */
export interface RentalSpec {
  /** `ssh-ed25519 AAAA…`: parsed and rebuilt, without options and comment. */
  sshPublicKey: string;
  selector: Selector;
  ttlMs: number;
  whenFull: 'queue' | 'reject';
  onNodeLoss: { action: 'migrate' | 'wait'; afterMs: number };
  webhookUrl: string | null;
  labels: Record<string, string>;
}

/**
 * Values of the fields that the client left out, or that were added after the rental was stored. The policy has the
 * default ttl.
 */
export const SPEC_DEFAULTS: Omit<RentalSpec, 'sshPublicKey' | 'ttlMs'> = {
  selector: { matchLabels: {}, zone: null },
  whenFull: 'queue',
  onNodeLoss: { action: 'migrate', afterMs: 0 },
  webhookUrl: null,
  labels: {},
};

/** The account of a rental filled its node's listener (listener-fill.ts). */
export interface RecordedFill {
  node: string;
  connections: number;
  /** ISO 8601. */
  at: string;
  /** It was not the first one within the hour. */
  isRepeated: boolean;
}

/** What the reconciler knows of a rental. Written by the reconciler alone, guarded by `resourceVersion`. */
export interface RentalRecord {
  phase: RentalPhase;
  observedGeneration: number;
  conditions: Condition[];
  expiresAt: Date | null;
  /** 1 is next; null when the rental is not waiting for a node. */
  queuePosition: number | null;
  /** When it can expect a node, to the minute; null when it waits for none, or there is no estimate. */
  queueEstimateAt: Date | null;
  /** When its serving node was last judged dead; null while it has a node that is alive. */
  lostAt: Date | null;
  /** Lead time of the last expiry notice that was sent; null: none yet. */
  toldBeforeEndMs: number | null;
  /** The last time within the hour that its account filled its node's listener; null: it did not. */
  listenerFill: RecordedFill | null;
  endedAt: Date | null;
  resourceVersion: number;
}

/** The record of a rental that the reconciler has not processed yet. */
export const NEW_RENTAL_RECORD: RentalRecord = {
  phase: 'Pending',
  observedGeneration: 0,
  conditions: [],
  expiresAt: null,
  queuePosition: null,
  queueEstimateAt: null,
  lostAt: null,
  toldBeforeEndMs: null,
  listenerFill: null,
  endedAt: null,
  resourceVersion: 1,
};

export interface Rental {
  id: string;
  tenant: string;
  name: string;
  /** The account's name on every node; made by Orion, unchanged by a move. */
  account: string;
  generation: number;
  createdAt: Date;
  /**
   * When the client last renewed the lease; the ttl counts from here. Null: it counts from the first confirmed
   * access.
   */
  renewedAt: Date | null;
  releaseRequestedAt: Date | null;
  spec: RentalSpec;
  record: RentalRecord;
  /** Live and ended ones, oldest first. */
  placements: Placement[];
}

/** One binding of one rental to one node. Its id, the epoch, is the fence number of the save that made it. */
export interface Placement {
  epoch: number;
  rentalId: string;
  node: string;
  role: 'serving' | 'incoming';
  account: string;
  uid: number;
  startedAt: Date;
  /** When access was first confirmed. */
  readyAt: Date | null;
  /** The key that the account was last given, to detect a change of the spec; null before the first time. */
  appliedKey: string | null;
  /** The end that the node was last given; null: none, so access there does not end by itself. */
  appliedExpiresAt: Date | null;
  endedAt: Date | null;
  endReason: string | null;
  /** When the node was verified clean of it. An ended placement that is not cleaned is residue. */
  cleanedAt: Date | null;
  /** What the attempts to clean the node of it reported; absent or null: none has finished. */
  report?: CleaningReport | null;
}

/** Where the rental's client is; undefined: nowhere. */
export function servingOf({ placements }: Pick<Rental, 'placements'>): Placement | undefined {
  return placements.find(({ role, endedAt }) => role === 'serving' && endedAt === null);
}

/** A placement as it is decided. The save that makes it gives it the epoch. */
export type Binding = Pick<Placement, 'rentalId' | 'node' | 'role' | 'account' | 'uid' | 'startedAt'>;

/** The row of a new placement. */
export function newPlacement(
  { rentalId, node, role, account, uid, startedAt }: Binding,
  epoch: number,
): Placement {
  return {
    epoch,
    rentalId,
    node,
    role,
    account,
    uid,
    startedAt,
    readyAt: null,
    appliedKey: null,
    appliedExpiresAt: null,
    endedAt: null,
    endReason: null,
    cleanedAt: null,
  };
}

/** What the attempts to clean a node of an ended placement reported; kept with the placement. */
export interface CleaningReport {
  /** Finished attempts. */
  attempts: number;
  /** The result of the last one. */
  outcome: 'clean' | 'failed';
  reason: Reason;
  message: string;
  /** When it ended, RFC 3339. */
  at: string;
  /** What the verification found the last time that it found anything; null: it never did. */
  found: { at: string; items: string[]; more: number } | null;
}
