import type { NodeState } from '../core/node.ts';
import type { NodeView, TenantNodeView } from '../core/node-view.ts';
import { wordsOf } from './words.ts';

/** A node as its reader may see it: administrators see all, tenants a part. */
export type AnyNode = NodeView | TenantNodeView;

/** How a thing looks: a colour and a shape, so that neither is needed to tell two apart. */
export type Tone = 'free' | 'rented' | 'working' | 'cleaning' | 'quarantined' | 'dead' | 'unknown' | 'taken';

export interface NodeLook {
  tone: Tone;
  /** What stands on it in large. */
  word: string;
  /** What is true of it besides: each is a word of its own. */
  marks: string[];
  /** Why it is not well, in a few words. */
  trouble: string | null;
  /** Lower ones are shown first where not all can be. */
  urgency: number;
}

const LOOKS: Record<NodeState, { tone: Tone; word: string; urgency: number }> = {
  dead: { tone: 'dead', word: 'Dead', urgency: 0 },
  quarantined: { tone: 'quarantined', word: 'Quarantined', urgency: 1 },
  unknown: { tone: 'unknown', word: 'Unknown', urgency: 3 },
  cleaning: { tone: 'cleaning', word: 'Cleaning', urgency: 4 },
  provisioning: { tone: 'working', word: 'Preparing', urgency: 4 },
  allocated: { tone: 'rented', word: 'Rented', urgency: 6 },
  free: { tone: 'free', word: 'Free', urgency: 7 },
};
const SUSPECT_URGENCY = 2;
const MARKED_URGENCY = 5;

/** Of a state alone, whatever else is true of the node. */
export function stateLook(state: NodeState): { tone: Tone; word: string } {
  return LOOKS[state];
}

/** In the order in which they are told; a summary has each of them, also where there is none. */
export const NODE_WORDS = [
  'Free',
  'Rented',
  'Preparing',
  'Cleaning',
  'Quarantined',
  'Dead',
  'Unknown',
] as const;
export const TENANT_WORDS = ['Free', 'Yours', 'In use'] as const;

/** The look that belongs to a word of a summary. */
export function toneOf(word: string): Tone {
  if (word === 'Yours') return 'rented';
  if (word === 'In use') return 'taken';
  return Object.values(LOOKS).find((look) => look.word === word)?.tone ?? 'unknown';
}

export function isFullView(node: AnyNode): node is NodeView {
  return 'state' in node.status;
}

/** `isOwn`: a rental of the reader is on it. */
export function lookOf(node: AnyNode, isOwn = false): NodeLook {
  if (!isFullView(node)) {
    const plain = { marks: [], trouble: null, urgency: 6 };
    if (isOwn) return { ...plain, tone: 'rented', word: 'Yours' };
    return node.status.free
      ? { ...plain, tone: 'free', word: 'Free' }
      : { ...plain, tone: 'taken', word: 'In use' };
  }
  const { spec, status } = node;
  const { tone, word, urgency } = LOOKS[status.state];
  const condition = (type: string) => status.conditions.find((each) => each.type === type);
  const reachable = condition('Reachable');
  const isSuspect = status.state !== 'dead' && reachable?.status === 'False';
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

/** Not clean, or nothing placed, is how things are between two rentals; it is no trouble. */
function isTrouble(reason: string): boolean {
  return !['NotVerified', 'NotProvisioned', 'Provisioning', 'Recovering', 'Quarantined'].includes(reason);
}
