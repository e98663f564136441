import type { Reason } from '../failure/reason.ts';
import { type Node, type NodeSpec, wasVerified } from './node.ts';
import type { Policy } from './policy.ts';

/** An inventory file that was read and is valid. */
export interface Inventory {
  policy: Policy;
  nodes: NodeSpec[];
  /** SHA-256 of the file's text, in hex. */
  sha256: string;
}

/** `problems`: every mistake in the file as `FILE:LINE:COLUMN: key: what was expected`, in the file's order. */
export type InventoryResult = { ok: true; inventory: Inventory } | { ok: false; problems: string[] };

/** The result of reading the inventory file, kept for the operator who asked for it. */
export type InventoryAnswer =
  | { kind: 'applied'; added: string[]; changed: string[]; retiring: string[] }
  | { kind: 'refused'; reason: Reason; message: string };

/** The inventory that the fleet is made of, and the last request to read it again. */
export interface InventoryState {
  /** Grows with each request to read the file again. */
  requested: number;
  /** SHA-256 of the file that the operator looked at; null: whatever the leader finds. */
  requestedSha256: string | null;
  requestedForce: boolean;
  requestedBy: string | null;
  /** The last request that was answered, and the answer to it. */
  answered: number;
  answer: InventoryAnswer | null;
  /** SHA-256 of the file that was applied last; null before the first time. */
  appliedSha256: string | null;
  appliedAt: Date | null;
}

export const NO_INVENTORY: InventoryState = {
  requested: 0,
  requestedSha256: null,
  requestedForce: false,
  requestedBy: null,
  answered: 0,
  answer: null,
  appliedSha256: null,
  appliedAt: null,
};

export interface ChangedNode {
  name: string;
  before: NodeSpec;
  after: NodeSpec;
  /** The fields that differ, in the order of the spec. */
  keys: (keyof NodeSpec)[];
}

export interface InventoryDiff {
  added: NodeSpec[];
  changed: ChangedNode[];
  /** In the fleet, not wanted, and not retiring yet. */
  removed: NodeSpec[];
}

/** Cuts the changes into parts of at most `size` nodes, in the order joining, changed, leaving. At least one part. */
export function sliceDiff({ added, changed, removed }: InventoryDiff, size: number): InventoryDiff[] {
  const count = added.length + changed.length + removed.length;
  return Array.from({ length: Math.max(1, Math.ceil(count / size)) }, (_, index) => {
    const cut = <Node>(nodes: Node[], before: number) =>
      nodes.slice(Math.max(0, index * size - before), Math.max(0, (index + 1) * size - before));
    return {
      added: cut(added, 0),
      changed: cut(changed, added.length),
      removed: cut(removed, added.length + changed.length),
    };
  });
}

/**
 * The changes that turn the current fleet into the wanted one. A retiring node that is wanted again counts as
 * changed; a node with another name is another node.
 */
export function diffInventory(current: readonly NodeSpec[], wanted: readonly NodeSpec[]): InventoryDiff {
  const before = new Map(current.map((spec) => [spec.name, spec]));
  const wantedNames = new Set(wanted.map((spec) => spec.name));
  const added: NodeSpec[] = [];
  const changed: ChangedNode[] = [];
  for (const spec of wanted) {
    const old = before.get(spec.name);
    if (old === undefined) added.push(spec);
    else {
      const keys = (Object.keys(spec) as (keyof NodeSpec)[]).filter((key) => !isSame(old[key], spec[key]));
      if (keys.length > 0) changed.push({ name: spec.name, before: old, after: spec, keys });
    }
  }
  const removed = current.filter((spec) => !wantedNames.has(spec.name) && !spec.retiring);
  return { added, changed, removed };
}

/** The order of labels does not matter. */
function isSame(a: NodeSpec[keyof NodeSpec], b: NodeSpec[keyof NodeSpec]): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The most of the fleet that may be taken out at once without force, in case it is an editing mistake. */
const MAX_REMOVED_PERCENT = 40;

/**
 * Why the change needs an operator's `--force`, or null. A node that was never verified has served nobody yet, so it
 * does not count.
 */
export function whyTooMuch(
  current: readonly Pick<Node, 'spec' | 'record'>[],
  { removed }: InventoryDiff,
): string | null {
  const counted = new Set(
    current.filter((node) => !node.spec.retiring && wasVerified(node)).map(({ spec }) => spec.name),
  );
  const [total, gone] = [counted.size, removed.filter(({ name }) => counted.has(name)).length];
  if (gone * 100 <= MAX_REMOVED_PERCENT * total) return null;
  const percent = Math.round((100 * gone) / total);
  return `${gone} of ${total} nodes (${percent} %) would be taken out at once; the limit is ${MAX_REMOVED_PERCENT} %, unless forced`;
}

/** What an inventory file changes, and the answer to it. A refused one changes nothing. */
export function answerInventory(
  current: readonly Node[],
  { specs, force }: { specs: readonly NodeSpec[]; force: boolean },
): { diff: InventoryDiff; answer: InventoryAnswer } {
  const diff = diffInventory(
    current.map(({ spec }) => spec),
    specs,
  );
  const tooMuch = force ? null : whyTooMuch(current, diff);
  if (tooMuch !== null) {
    const nothing = { added: [], changed: [], removed: [] };
    return { diff: nothing, answer: { kind: 'refused', reason: 'InventoryRefused', message: tooMuch } };
  }
  const names = (nodes: readonly { name: string }[]) => nodes.map(({ name }) => name);
  const [added, changed, retiring] = [names(diff.added), names(diff.changed), names(diff.removed)];
  return { diff, answer: { kind: 'applied', added, changed, retiring } };
}
