import type { Reason } from '../failure/reason.ts';
import type { BootId } from './boot.ts';
import type { Condition } from './condition.ts';
import type { Attribution } from './controls.ts';
import type { AcceptRequest, Differences } from './differences.ts';
import type { NodeLimits } from './limits.ts';
import type { NodeState } from './node-states.ts';

/** What the last judgement said of a node; `unknown` before the first one. */
export type NodeStatus = 'alive' | 'dead' | 'unknown';

/** What the inventory says of a node. Written by the inventory alone. */
export interface NodeSpec {
  name: string;
  host: string;
  port: number;
  user: string;
  privateKeyPath: string;
  /** The pinned host key, `ssh-ed25519 AAAA…` without a comment; null: the first one seen is recorded. */
  pinnedHostKey: string | null;
  /** Where clients reach the node. */
  clientHost: string;
  clientPort: number;
  zone: string | null;
  labels: Record<string, string>;
  /** True once the node was taken out of the inventory; it stays listed until it is drained and clean. */
  retiring: boolean;
}

/** What an operator wants of a node. Written by the API alone. */
export interface NodeRequests {
  cordoned: boolean;
  draining: boolean;
  /** Why it is cordoned or drained, and who asked for it; null when it is neither. */
  maintenance: Attribution | null;
  /** Grows by one with each `clean` that an operator asks for; compared with `NodeRecord.cleanSeen`. */
  cleanRequested: number;
  /** SHA256:… fingerprint of a changed host key that an operator accepts, or null. */
  trustedFingerprint: string | null;
  /** A retiring node that will not come back is given up: dropped without having been cleaned. */
  forgetting: boolean;
  /** Grows by one each time that an operator lets the node be taken from another fleet; see `adoptSeen`. */
  adoptRequested: number;
  /** Grows by one each time that an operator lets differences from the baseline in; see `acceptSeen`. */
  acceptRequested: number;
  /** The last such request. */
  accept: AcceptRequest | null;
}

/** What the reconciler knows of a node. Written by the reconciler alone, guarded by `resourceVersion`. */
export interface NodeRecord {
  status: NodeStatus;
  state: NodeState;
  stateSince: Date;
  /** The host key that was recorded when the node was first seen (or trusted), `ssh-ed25519 AAAA…`. */
  hostKey: string | null;
  /** SHA256:… of the key that the node shows instead, for as long as it does; no login is tried meanwhile. */
  offeredFingerprint: string | null;
  conditions: Condition[];
  /** prepare_node has run, a baseline was taken, and the node was found clean for the first time. */
  preparedAt: Date | null;
  /** Which limits of the policy hold, as the node last measured them; null: it has not yet. */
  limits: NodeLimits | null;
  /** When verify_clean last found the node clean. */
  verifiedAt: Date | null;
  /** Failed attempts at the state's present work in a row, and when the next may start. */
  attempt: number;
  nextAttemptAt: Date | null;
  /** When the node last died, or failed to get an account; one that failed lately is chosen last. */
  lastFailedAt: Date | null;
  /** Times that it died since it last was steady for a while (flapping.ts). */
  deaths: number;
  /** When it was quarantined; a node that dies in quarantine keeps it. Null: it is not. */
  quarantinedAt: Date | null;
  /** Why its cleaning failed last, since it was last clean; null: it did not. */
  lastCleaningReason: Reason | null;
  /** The start of the machine that was seen last; null: none was told yet. */
  bootId: BootId | null;
  /** When it first answered after its last restart that was seen, and last before it. */
  restartedAt: Date | null;
  silentSince: Date | null;
  /** The next uid to hand out on this node; never goes down, so that no uid is used twice. */
  nextUid: number;
  cleanSeen: number;
  /** The other fleet that the node said it belongs to; null: none. */
  otherFleet: string | null;
  adoptSeen: number;
  /** What the last verification found that an operator may let in; null: nothing. */
  differences: Differences | null;
  acceptSeen: number;
  /** The `Node.generation` that these columns take into account. */
  observedGeneration: number;
  resourceVersion: number;
}

/** It was found clean and is no longer marked as the fleet's. */
export function hasLeft({ preparedAt, verifiedAt }: NodeRecord): boolean {
  return preparedAt === null && verifiedAt !== null;
}

/**
 * Was it verified clean at least once (since an operator last accepted a host key)? Until then the machine may not even
 * be switched on, so its silence says nothing about the fleet.
 */
export function wasVerified({ record }: Pick<Node, 'record'>): boolean {
  return record.preparedAt !== null;
}

/** An operator asked for it to be cleaned, and that has not been taken up yet. */
export function isCleaningAsked({ requests, record }: Pick<Node, 'requests' | 'record'>): boolean {
  return requests.cleanRequested > record.cleanSeen;
}

/**
 * The record of a node that was never probed. `highestUid`: of all accounts that there were on a node of this name. It
 * is presumed to be the same machine, and no uid is used twice on it.
 */
export function newNodeRecord(now: Date, highestUid = 0): NodeRecord {
  return {
    status: 'unknown',
    state: 'unknown',
    stateSince: now,
    hostKey: null,
    offeredFingerprint: null,
    conditions: [],
    preparedAt: null,
    limits: null,
    verifiedAt: null,
    attempt: 0,
    nextAttemptAt: null,
    lastFailedAt: null,
    deaths: 0,
    quarantinedAt: null,
    lastCleaningReason: null,
    ...{ bootId: null, restartedAt: null, silentSince: null },
    nextUid: Math.max(FIRST_UID, highestUid + 1),
    cleanSeen: 0,
    otherFleet: null,
    adoptSeen: 0,
    differences: null,
    acceptSeen: 0,
    observedGeneration: 0,
    resourceVersion: 1,
  };
}

/** Of a node that no operator has asked anything of. */
export const NO_REQUESTS: NodeRequests = {
  cordoned: false,
  draining: false,
  maintenance: null,
  cleanRequested: 0,
  trustedFingerprint: null,
  forgetting: false,
  adoptRequested: 0,
  acceptRequested: 0,
  accept: null,
};

export interface Node {
  spec: NodeSpec;
  requests: NodeRequests;
  record: NodeRecord;
  /** Grows with each change of spec or requests; the reconciler is behind while it has observed a lower one. */
  generation: number;
  /** When the node was last probed. Written in batches, outside the guard of `resourceVersion`. */
  lastCheckedAt: Date | null;
}

/** Uids of accounts that Orion makes. BusyBox refuses very large ones. */
export const FIRST_UID = 20_000;
export const LAST_UID = 59_999;
