import type { Node } from '../core/model/node.ts';
import { isLendable } from '../core/model/node-states.ts';
import { type Shape, shapeKeyOf } from '../core/scheduling/shape.ts';

/** The nodes of the fleet, found by what decisions ask for, and kept up to date like the rentals (rental-index.ts). */
export interface NodeIndex {
  all(): Iterable<Node>;
  get(name: string): Node | undefined;
  /** Nodes in a state in which they can be lent. */
  lendable(): Node[];
  /** What there is to choose from: nodes that are not leaving the fleet, counted by zone and labels. */
  shapes(): Iterable<Shape>;
  /** Occupied nodes by zone. */
  occupancy(): ReadonlyMap<string | null, number>;
  /** Grows whenever another selector may match than before. */
  shapeVersion(): number;
  put(node: Node, isOccupied: boolean): void;
  remove(name: string): void;
}

interface Entry {
  node: Node;
  isOccupied: boolean;
}

export function createNodeIndex(): NodeIndex {
  const entries = new Map<string, Entry>();
  const lendable = new Set<string>();
  const shapes = new Map<string, Shape>();
  const occupancy = new Map<string | null, number>();
  let shapeVersion = 0;

  function addShape({ spec }: Node): void {
    if (spec.retiring) return;
    const key = shapeKeyOf(spec);
    const shape = shapes.get(key);
    if (shape) shape.count++;
    else shapes.set(key, { spec: { zone: spec.zone, labels: spec.labels }, count: 1 });
  }

  function removeShape({ spec }: Node): void {
    const key = shapeKeyOf(spec);
    const shape = spec.retiring ? undefined : shapes.get(key);
    if (shape && --shape.count === 0) shapes.delete(key);
  }

  function addOccupied({ node, isOccupied }: Entry, by: 1 | -1): void {
    if (!isOccupied) return;
    const { zone } = node.spec;
    const count = (occupancy.get(zone) ?? 0) + by;
    if (count === 0) occupancy.delete(zone);
    else occupancy.set(zone, count);
  }

  function remove(name: string): void {
    const old = entries.get(name);
    if (!old) return;
    entries.delete(name);
    lendable.delete(name);
    removeShape(old.node);
    addOccupied(old, -1);
    shapeVersion++;
  }

  return {
    *all() {
      for (const { node } of entries.values()) yield node;
    },
    get: (name) => entries.get(name)?.node,
    lendable: () => [...lendable].flatMap((name) => entries.get(name)?.node ?? []),
    shapes: () => shapes.values(),
    occupancy: () => occupancy,
    shapeVersion: () => shapeVersion,
    put(node, isOccupied) {
      const { name } = node.spec;
      const before = shapeVersion;
      const old = entries.get(name)?.node.spec;
      remove(name);
      const isSameShape = old?.retiring === node.spec.retiring && shapeKeyOf(old) === shapeKeyOf(node.spec);
      shapeVersion = isSameShape ? before : before + 1;
      entries.set(name, { node, isOccupied });
      if (isLendable(node.record.state)) lendable.add(name);
      addShape(node);
      addOccupied({ node, isOccupied }, 1);
    },
    remove,
  };
}
