import type { Reason } from '../failure/reason.ts';
import type { BootId } from './boot.ts';
import type { Condition } from './condition.ts';
import type { Attribution } from './controls.ts';
import type { AcceptRequest, Differences } from './differences.ts';
import type { NodeLimits } from './limits.ts';
import { accepts, type NodeState } from './node-states.ts';

/** The last verdict on a node; `unknown` before the first one. */
export type NodeStatus = 'alive' | 'dead' | 'unknown';

/** What the inventory says about a node. Written by the inventory alone. */
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

/** Operators' requests about a node. Written by the API alone. */
export interface NodeRequests {
  cordoned: boolean;
  draining: boolean;
  /** Why it is cordoned or drained, and who asked for it; null when it is neither. */
  maintenance: Attribution | null;
  /** Grows by one with each operator's request to clean the node; compared with `NodeRecord.cleanSeen`. */
  cleanRequested: number;
  /** SHA256:… fingerprint of a changed host key that an operator accepts, or null. */
  trustedFingerprint: string | null;
  /** A retiring node that will not come back is given up: dropped without having been cleaned. */
  forgetting: boolean;
  /** Grows by one with each request to take the node from another fleet; see `adoptSeen`. */
  adoptRequested: number;
  /** Grows by one with each request to accept differences from the baseline; see `acceptSeen`. */
  acceptRequested: number;
  /** The last such request. */
  accept: AcceptRequest | null;
}

/** What the reconciler knows about a node. Written by the reconciler alone, guarded by `resourceVersion`. */
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
  /** Consecutive failed attempts at the state's work, and when the next one may start. */
  attempt: number;
  nextAttemptAt: Date | null;
  /** When the node last died or an account on it failed; nodes that failed lately are chosen last. */
  lastFailedAt: Date | null;
  /** Since when its probes have failed; null: they do not, or there was none yet. */
  unreachableSince: Date | null;
  /** Deaths since it was last steady for a while (flapping.ts). */
  deaths: number;
  /** When it was quarantined; a node that dies in quarantine keeps it. Null: it is not. */
  quarantinedAt: Date | null;
  /** Why its cleaning last failed since it was last clean; null: it did not. */
  lastCleaningReason: Reason | null;
  /** The last known start of the machine; null: none was reported yet. */
  bootId: BootId | null;
  /** Its first answer after the last restart that was seen, and its last answer before that restart. */
  restartedAt: Date | null;
  silentSince: Date | null;
  /** The next uid to hand out on this node; never goes down, so that no uid is used twice. */
  nextUid: number;
  cleanSeen: number;
  /** The other fleet that the node says it belongs to; null: none. */
  otherFleet: string | null;
  adoptSeen: number;
  /** What the last verification found that an operator may accept; null: nothing. */
  differences: Differences | null;
  acceptSeen: number;
  /** The `Node.generation` that these columns take into account. */
  observedGeneration: number;
  resourceVersion: number;
}

/** It was found clean and no longer carries the fleet's mark. */
export function hasLeft({ preparedAt, verifiedAt }: NodeRecord): boolean {
  return preparedAt === null && verifiedAt !== null;
}

/**
 * Was it verified clean at least once (since an operator last accepted a host key)? Until then the machine may not
 * even be switched on, so its silence says nothing about the fleet.
 */
export function wasVerified({ record }: Pick<Node, 'record'>): boolean {
  return record.preparedAt !== null;
}

/**
 * It is quarantined, or was when it died. A daemon of the version before, which may lead until all are upgraded,
 * verifies and lends a node and leaves the column.
 */
export function isQuarantined({ quarantinedAt, verifiedAt }: NodeRecord): boolean {
  return quarantinedAt !== null && (verifiedAt === null || verifiedAt <= quarantinedAt);
}

/** A dead node answers again, but the policy leaves its return to a person (`healthyDelay` is negative). */
export function isReturnHeld({ state, status }: NodeRecord): boolean {
  return accepts(state, 'return') && status === 'alive';
}

/** An operator's request to clean the node has not been taken up yet. */
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
    unreachableSince: null,
    deaths: 0,
    quarantinedAt: null,
    lastCleaningReason: null,
    bootId: null,
    restartedAt: null,
    silentSince: null,
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

/** The requests about a node before any operator made one. */
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
