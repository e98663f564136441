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

/** What the reconciler knows of a rental. Written by the reconciler alone, guarded by `resourceVersion`. */
export interface RentalRecord {
  phase: RentalPhase;
  observedGeneration: number;
  conditions: Condition[];
  expiresAt: Date | null;
  /** 1 is next; null when the rental is not waiting for a node. */
  queuePosition: number | null;
  /** When it may expect a node, to the minute; null when it waits for none, or nothing can be said. */
  queueEstimateAt: Date | null;
  /** When its serving node was last judged dead; null while it has a node that is alive. */
  lostAt: Date | null;
  /** Of the times before its end at which its client is told of it, the last that he was told at; null: none yet. */
  toldBeforeEndMs: number | null;
  endedAt: Date | null;
  resourceVersion: number;
}

/** Of a rental that the reconciler has not looked at yet. */
export const NEW_RENTAL_RECORD: RentalRecord = {
  phase: 'Pending',
  observedGeneration: 0,
  conditions: [],
  expiresAt: null,
  queuePosition: null,
  queueEstimateAt: null,
  lostAt: null,
  toldBeforeEndMs: null,
  endedAt: null,
  resourceVersion: 1,
};

export interface Rental {
  id: string;
  tenant: string;
  name: string;
  /** The account's name on whatever node it is; made by Orion, the same over a move. */
  account: string;
  generation: number;
  createdAt: Date;
  /** When the client last renewed the lease; the ttl counts from here, or else from when it first was ready. */
  renewedAt: Date | null;
  releaseRequestedAt: Date | null;
  spec: RentalSpec;
  record: RentalRecord;
  /** Live ones and those that ended, oldest first. */
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
  /** The key that the account was last given, to see when the spec has another; null before the first time. */
  appliedKey: string | null;
  /** The end that the node itself was last given; null: it was given none, so access does not end there by itself. */
  appliedExpiresAt: Date | null;
  endedAt: Date | null;
  endReason: string | null;
  /** When the node was verified clean of it. An ended placement that is not cleaned is residue. */
  cleanedAt: Date | null;
  /** What the tries to clean the node of it said; absent or null: none has come to an end. */
  report?: CleaningReport | null;
}

/** What the tries to clean a node of an ended placement said; kept with the placement. */
export interface CleaningReport {
  /** Tries that came to an end. */
  attempts: number;
  /** What the last one said. */
  outcome: 'clean' | 'failed';
  reason: Reason;
  message: string;
  /** When it ended, RFC 3339. */
  at: string;
  /** What the verification found the last time that it found anything; null: it never did. */
  found: { at: string; items: string[]; more: number } | null;
}
