import { isDeepStrictEqual } from 'node:util';
import type { NodeSpec } from '../core/node.ts';

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
      const keys = (Object.keys(spec) as (keyof NodeSpec)[]).filter(
        (key) => !isDeepStrictEqual(plain(old[key]), plain(spec[key])),
      );
      if (keys.length > 0) changed.push({ name: spec.name, before: old, after: spec, keys });
    }
  }
  const removed = current.filter((spec) => !wantedNames.has(spec.name) && !spec.retiring);
  return { added, changed, removed };
}

/** Labels in an order of their own; where they came from (a file, a database) makes no difference. */
function plain(value: NodeSpec[keyof NodeSpec]): unknown {
  return typeof value === 'object' && value !== null ? { ...value } : value;
}
