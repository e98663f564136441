import type { Reason } from '../failure/reason.ts';
import { type Node, type NodeSpec, wasVerified } from './node.ts';
import type { Policy } from './policy.ts';

/** An inventory file that was read and found right. */
export interface Inventory {
  policy: Policy;
  nodes: NodeSpec[];
  /** SHA-256 of the file's text, in hex. */
  sha256: string;
}

/** `problems`: every mistake of the file as `FILE:LINE:COLUMN: key: what was expected`, in the file's order. */
export type InventoryResult = { ok: true; inventory: Inventory } | { ok: false; problems: string[] };

/** What came of reading the inventory file: kept for the operator who asked for it. */
export type InventoryAnswer =
  | { kind: 'applied'; added: string[]; changed: string[]; retiring: string[] }
  | { kind: 'refused'; reason: Reason; message: string };

/** Which inventory the fleet is made of, and what was asked of it last. */
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

export interface ChangedNode {
  name: string;
  before: NodeSpec;
  after: NodeSpec;
  /** What differs, in the order of the spec. */
  keys: (keyof NodeSpec)[];
}

export interface InventoryDiff {
  added: NodeSpec[];
  changed: ChangedNode[];
  /** In the fleet but not wanted, and not on its way out yet. */
  removed: NodeSpec[];
}

/**
 * What makes the current fleet the wanted one. A retiring node that is wanted again is a changed one; a node
 * with another name is another node.
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

/** Labels are the same in whatever order they stand. */
function isSame(a: NodeSpec[keyof NodeSpec], b: NodeSpec[keyof NodeSpec]): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** More of the fleet than this is not taken out at once by what may be a slip of an editor. */
const MAX_REMOVED_PERCENT = 40;

/** Why the change needs an operator's `--force`, or null. A node that was never verified has served nobody yet. */
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
