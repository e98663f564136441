import type { Reason } from '../failure/reason.ts';

/** The work that the reconciler keeps doing while a node is in a state. */
export type NodeWork = 'none' | 'clean' | 'cleanSlowly' | 'ensureAccess' | 'keepAccess';

/** Operators' requests that only some states accept. `return`: bring back a dead node that answers again. */
export type StateRequest = 'clean' | 'return' | 'forget' | 'accept';

/** Everything that differs between the states of a node, apart from the transitions. */
interface StateFacts {
  work: NodeWork;
  /** Why no rental can be placed on the node; null when one can, as far as the state decides. */
  notLendable: Extract<Reason, 'NotAlive' | 'NotVerified' | 'Quarantined'> | null;
  /** A client has an account on the node, or is about to. */
  inUse: boolean;
  /** The verdict on the machine when the node entered the state; `unknown` only in the first one. */
  verdict: 'unknown' | 'alive' | 'dead';
  accepts: readonly StateRequest[];
  /** The event that the history gets when a node enters the state. */
  event: `node.${string}`;
  /** For people. */
  word: string;
}

/**
 * The states of a node, as stored in the column `nodes.state`. No other code compares states with each other: what a
 * state means for a decision, a query or a page is a column of this table.
 */
export const STATES = {
  unknown: {
    work: 'none',
    notLendable: 'NotAlive',
    inUse: false,
    verdict: 'unknown',
    accepts: ['forget'],
    event: 'node.joined',
    word: 'Unknown',
  },
  free: {
    work: 'none',
    notLendable: null,
    inUse: false,
    verdict: 'alive',
    accepts: ['clean'],
    event: 'node.free',
    word: 'Free',
  },
  provisioning: {
    work: 'ensureAccess',
    notLendable: 'NotVerified',
    inUse: true,
    verdict: 'alive',
    accepts: [],
    event: 'node.provisioning',
    word: 'Preparing',
  },
  allocated: {
    work: 'keepAccess',
    notLendable: 'NotVerified',
    inUse: true,
    verdict: 'alive',
    accepts: [],
    event: 'node.allocated',
    word: 'Rented',
  },
  cleaning: {
    work: 'clean',
    notLendable: 'NotVerified',
    inUse: false,
    verdict: 'alive',
    accepts: ['clean', 'accept'],
    event: 'node.cleaning',
    word: 'Cleaning',
  },
  quarantined: {
    work: 'cleanSlowly',
    notLendable: 'Quarantined',
    inUse: false,
    verdict: 'alive',
    accepts: ['clean', 'accept', 'forget'],
    event: 'node.quarantined',
    word: 'Quarantined',
  },
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

export function statesThatAccept(request: StateRequest): NodeState[] {
  return NODE_STATES.filter((state) => accepts(state, request));
}
