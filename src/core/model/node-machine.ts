import { transition as machineTransition, type SnapshotFrom, setup } from 'xstate';
import type { NodeRecord } from './node.ts';
import type { NodeState } from './node-states.ts';

/**
 * Facts about a node besides its state, for the guards. They are computed from the rows in every pass, never stored
 * with the machine.
 */
export interface NodeFacts {
  /** A live placement is bound to the node. */
  bound: boolean;
  /** It was quarantined when it died. */
  quarantined: boolean;
  /** Something was placed on it since it was last verified clean, or it was never verified. */
  unverified: boolean;
  /** Its cleanings succeed, but several clients in a row got no account on it (core/scheduling/blame.ts). */
  blamed: boolean;
}

/** What happens to a node; core/node/classify.ts tells when each event applies. */
export type NodeEvent =
  | { type: 'joined' }
  | { type: 'bound' }
  | { type: 'confirmed' }
  | { type: 'unbound' }
  | { type: 'drifted' }
  | { type: 'verified' }
  | { type: 'cleaningFailed' }
  /** An operator asks for it, or the node has to be prepared, or cleaned before it leaves. */
  | { type: 'cleanRequested' }
  | { type: 'died' }
  | { type: 'revived' };

const NO_FACTS: NodeFacts = { bound: false, quarantined: false, unverified: false, blamed: false };

/**
 * The life of a node, as a table. Pure data: no invoke, no timers, no actions. A restored `invoke` would run its
 * promise twice and a restored `after` may never fire. So deadlines are columns, and each state declares its work
 * (node-states.ts), which the reconciler repeats until the state changes.
 */
export const nodeMachine = setup({
  types: {
    context: {} as NodeFacts,
    events: {} as NodeEvent,
  },
  guards: {
    isBound: ({ context }) => context.bound,
    isQuarantined: ({ context }) => context.quarantined,
    isUnverified: ({ context }) => context.unverified,
    isBlamed: ({ context }) => context.blamed,
  },
}).createMachine({
  id: 'node',
  initial: 'unknown',
  context: NO_FACTS,
  states: {
    unknown: { on: { joined: 'cleaning', died: 'dead' } },
    free: {
      on: { bound: 'provisioning', drifted: 'cleaning', cleanRequested: 'cleaning', died: 'dead' },
    },
    provisioning: {
      on: { confirmed: 'allocated', unbound: 'cleaning', died: 'dead' },
    },
    allocated: { on: { unbound: 'cleaning', died: 'dead' } },
    cleaning: {
      on: {
        verified: [{ guard: 'isBlamed', target: 'quarantined' }, { target: 'free' }],
        cleaningFailed: 'quarantined',
        died: 'dead',
      },
    },
    quarantined: {
      on: { verified: 'free', cleanRequested: 'cleaning', died: 'dead' },
    },
    dead: {
      on: {
        // Order matters: a quarantined node stays quarantined; a client who still has the node gets it back.
        revived: [
          { guard: 'isQuarantined', target: 'quarantined' },
          { guard: 'isBound', target: 'provisioning' },
          { guard: 'isUnverified', target: 'cleaning' },
          { target: 'free' },
        ],
      },
    },
  },
});

type MachineState = SnapshotFrom<typeof nodeMachine>['value'];

/** The state after an event; the same state when the event does not apply. Throws on an unknown state. */
export function nextState(state: NodeState, event: NodeEvent, facts: NodeFacts = NO_FACTS): NodeState {
  const snapshot = nodeMachine.resolveState({ value: state satisfies MachineState, context: facts });
  const [next] = machineTransition(nodeMachine, snapshot, event);
  return next.value;
}

/** The record after an event: the only way in which a node's state changes. The same object when it does not. */
export function transition(
  record: NodeRecord,
  event: NodeEvent,
  now: Date,
  facts: NodeFacts = NO_FACTS,
): NodeRecord {
  const state = nextState(record.state, event, facts);
  return state === record.state
    ? record
    : { ...record, state, stateSince: now, attempt: 0, nextAttemptAt: null };
}
