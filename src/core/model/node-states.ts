import type { Reason } from '../failure/reason.ts';

/** The work that the reconciler keeps doing while a node is in a state. */
export type NodeWork = 'none' | 'clean' | 'cleanSlowly' | 'ensureAccess' | 'keepAccess';

/**
 * Operators' requests that only some states accept. `clean`: clean and verify the node again; where a cleaning waits to
 * be tried again, try now. `return`: bring back a dead node that answers again. `forget`: give up a node that left the
 * inventory, with what is still on it. `accept`: take what a cleaning found into the baseline.
 */
export type StateRequest = 'clean' | 'return' | 'forget' | 'accept';

/** Everything that differs between the states of a node, apart from the transitions. */
interface StateFacts {
  work: NodeWork;
  /** Why no rental can be placed on the node; null when one can, as far as the state decides. */
  notLendable: Extract<Reason, 'NotAlive' | 'NotVerified' | 'Quarantined'> | null;
  /** A client has an account on the node, or is about to. False while it is dead, even if a placement remains. */
  inUse: boolean;
  /** What the last probes said of the machine when the node entered the state; `unknown` only in the first one. */
  verdict: 'unknown' | 'alive' | 'dead';
  accepts: readonly StateRequest[];
  /** The event of the history, not of the machine, when a node enters the state. */
  event: `node.${string}`;
  /** For people. */
  word: string;
}

/**
 * The states of a node, as stored in the column `nodes.state`. What a state means for a decision, a query or a page is
 * a column of this table; apart from `classify`, no code compares states by name.
 *
 * A rental is placed only on a free node. What else has to be true of it is in core/scheduling/lendable.ts: it is not
 * leaving the fleet, no operator keeps it back, it answers its probes, and it is still as it was when it was verified.
 *
 * Work that failed on a node is tried again after 5 s, 10 s and so on up to 5 minutes (core/text/backoff.ts). A
 * quarantined node is cleaned 30 minutes after it was quarantined, and every 30 minutes from then on. Each change of
 * state begins to count anew.
 */
export const STATES = {
  /** Never probed successfully. */
  unknown: {
    work: 'none',
    notLendable: 'NotAlive',
    inUse: false,
    verdict: 'unknown',
    accepts: ['forget'],
    event: 'node.joined',
    word: 'Unknown',
  },
  /** Verified clean, with nobody on it. */
  free: {
    work: 'none',
    notLendable: null,
    inUse: false,
    verdict: 'alive',
    accepts: ['clean'],
    event: 'node.free',
    word: 'Free',
  },
  /**
   * Bound to a rental whose account is being made. After `provision.retries` failed tries the placement ends: the rental
   * gets another node, and this one is cleaned.
   */
  provisioning: {
    work: 'ensureAccess',
    notLendable: 'NotVerified',
    inUse: true,
    verdict: 'alive',
    accepts: [],
    event: 'node.provisioning',
    word: 'Preparing',
  },
  /**
   * Its client can log in. What changes on the account is repaired; a repair that fails is tried again without end, and
   * the client keeps the node.
   */
  allocated: {
    work: 'keepAccess',
    notLendable: 'NotVerified',
    inUse: true,
    verdict: 'alive',
    accepts: [],
    event: 'node.allocated',
    word: 'Rented',
  },
  /**
   * What earlier clients left is being removed, and then verified by code that shares nothing with the removal. When the
   * first try and all `clean.retries` retries have failed, the node is quarantined. No client is on it, so a failure
   * costs only the node.
   */
  cleaning: {
    work: 'clean',
    notLendable: 'NotVerified',
    inUse: false,
    verdict: 'alive',
    accepts: ['clean', 'accept'],
    event: 'node.cleaning',
    word: 'Cleaning',
  },
  /**
   * Kept from clients until a further cleaning succeeds: it could not be cleaned, or clients could not get accounts on it.
   */
  quarantined: {
    work: 'cleanSlowly',
    notLendable: 'Quarantined',
    inUse: false,
    verdict: 'alive',
    accepts: ['clean', 'accept', 'forget'],
    event: 'node.quarantined',
    word: 'Quarantined',
  },
  /**
   * Silent or refusing for longer than `probe.deadAfter`. A client on it keeps the placement until access elsewhere is
   * ready, or gets this node back when it answers first.
   */
  dead: {
    work: 'none',
    notLendable: 'NotAlive',
    inUse: false,
    verdict: 'dead',
    accepts: ['return', 'forget'],
    event: 'node.dead',
    word: 'Dead',
  },
} as const satisfies Record<string, StateFacts>;

export type NodeState = keyof typeof STATES;
export const NODE_STATES = Object.keys(STATES) as [NodeState, ...NodeState[]];

/** For a node that is only planned, and for one in an old history: neither enters its state by an event. */
export const LENDABLE_STATE = 'free' satisfies NodeState;
export const BOUND_STATE = 'provisioning' satisfies NodeState;

export function isLendable(state: NodeState): boolean {
  return STATES[state].notLendable === null;
}

/** Leftovers of earlier clients are being removed, or quarantine keeps retrying that. */
export function isBeingCleaned(state: NodeState): boolean {
  const { work } = STATES[state];
  return work === 'clean' || work === 'cleanSlowly';
}

export function isDeadState(state: NodeState): boolean {
  return STATES[state].verdict === 'dead';
}

export function accepts(state: NodeState, request: StateRequest): boolean {
  return (STATES[state].accepts as readonly StateRequest[]).includes(request);
}
