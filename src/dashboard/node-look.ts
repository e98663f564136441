import { NODE_STATES, type NodeState, STATES } from '../core/model/node-states.ts';
import type { NodeView, TenantNodeView } from '../core/view/node-view.ts';
import type { RentalView } from '../core/view/rental-view.ts';
import { isUsual } from './condition-look.ts';
import { lostSince, readyCondition } from './rental-look.ts';
import type { Tone } from './tone.ts';
import { wordsOf } from './words.ts';

/** A node as its reader may see it: administrators see all, tenants a part. */
export type AnyNode = NodeView | TenantNodeView;

export interface NodeLook {
  tone: Tone;
  /** The main word, shown large. */
  word: string;
  /** What else is true of it, one word each. */
  marks: string[];
  /** Why it is not well, in a few words. */
  trouble: string | null;
  /** The lower, the earlier it is shown where not all can be. */
  urgency: number;
}

const LOOKS: Record<NodeState, { tone: Tone; urgency: number }> = {
  dead: { tone: 'dead', urgency: 0 },
  quarantined: { tone: 'quarantined', urgency: 1 },
  unknown: { tone: 'unknown', urgency: 3 },
  cleaning: { tone: 'cleaning', urgency: 4 },
  provisioning: { tone: 'working', urgency: 4 },
  allocated: { tone: 'rented', urgency: 6 },
  free: { tone: 'free', urgency: 7 },
};
const SUSPECT_URGENCY = 2;
const MARKED_URGENCY = 5;

/** The look of a state alone, whatever else is true of the node. */
export function stateLook(state: NodeState): { tone: Tone; word: string; urgency: number } {
  return { ...LOOKS[state], word: STATES[state].word };
}

/** In the order of the summary, which shows every word even when its count is zero. */
export const NODE_WORDS = [
  'Free',
  'Rented',
  'Preparing',
  'Cleaning',
  'Quarantined',
  'Dead',
  'Unknown',
] as const;
export const TENANT_WORDS = ['Free', 'Yours', 'Lost', 'In use'] as const;

/** The tone of a word in the summary. */
export function toneOf(word: string): Tone {
  if (word === 'Yours') return 'rented';
  if (word === 'Lost') return 'dead';
  if (word === 'In use') return 'taken';
  const state = NODE_STATES.find((each) => STATES[each].word === word);
  return state ? LOOKS[state].tone : 'unknown';
}

export function isFullView(node: AnyNode): node is NodeView {
  return 'state' in node.status;
}

/** `rental`: the one on the node, if the reader can see it. */
export function lookOf(node: AnyNode, rental: RentalView | null = null): NodeLook {
  if (!isFullView(node)) {
    if (rental) return ownLook(rental);
    const plain = { marks: [], trouble: null, urgency: LOOKS.free.urgency };
    return node.status.free
      ? { ...plain, tone: 'free', word: 'Free' }
      : { ...plain, tone: 'taken', word: 'In use' };
  }
  const { spec, status } = node;
  const { word, verdict } = STATES[status.state];
  const { tone, urgency } = LOOKS[status.state];
  const condition = (type: string) => status.conditions.find((each) => each.type === type);
  const reachable = condition('Reachable');
  const isSuspect = verdict !== 'dead' && reachable?.status === 'False';
  const schedulable = condition('Schedulable')?.reason ?? '';
  const marks = [
    ...(isSuspect ? ['Suspect'] : []),
    ...(spec.retiring ? ['Retiring'] : []),
    ...(spec.draining ? ['Draining'] : []),
    ...(spec.unschedulable && !spec.draining && !spec.retiring ? ['Cordoned'] : []),
    ...(['Flapping', 'AwaitingOperator', 'UidsExhausted'].includes(schedulable)
      ? [wordsOf(schedulable)]
      : []),
  ];
  const failing = [reachable, condition('Clean'), condition('Provisioned')].find(
    (each) => each?.status === 'False' && isTrouble(each.reason),
  );
  const rank = isSuspect ? SUSPECT_URGENCY : marks.length > 0 ? MARKED_URGENCY : urgency;
  const trouble = failing ? wordsOf(failing.reason) : null;
  return { tone, word, marks, trouble, urgency: Math.min(rank, urgency) };
}

/** Tenants do not see a node's state, only whether their own rental on it has a machine. */
function ownLook(rental: RentalView): NodeLook {
  const { phase } = rental.status;
  if (lostSince(rental) !== null) {
    const marks = phase === 'Migrating' ? [phase] : [];
    return { tone: 'dead', word: 'Lost', marks, trouble: null, urgency: LOOKS.dead.urgency };
  }
  const ready = readyCondition(rental);
  const mark = phase !== 'Active' ? phase : ready?.status === 'False' ? wordsOf(ready.reason) : null;
  const urgency = mark === null ? LOOKS.allocated.urgency : MARKED_URGENCY;
  return { tone: 'rented', word: 'Yours', marks: mark === null ? [] : [mark], trouble: null, urgency };
}

/** The main word already says that a node recovers or is quarantined. */
function isTrouble(reason: string): boolean {
  return !isUsual(reason) && !['Recovering', 'Quarantined'].includes(reason);
}
