import type { Reason } from '../failure/reason.ts';
import type { NodeSpec } from '../model/node.ts';
import type { Selector } from '../model/rental.ts';
import { matches } from './placement.ts';
import { type Shape, shapeKeyOf } from './shape.ts';

/** Where a node belongs: its shape, and why it can't be lent; null: it can. */
export interface Place {
  key: string;
  spec: NodeSpec;
  reason: Reason | null;
}

/** Names of nodes by their shape and, within it, by why they can't be lent. */
export interface ShapeGroups {
  /** `from` undefined: the node is new; `to` undefined: it has left. */
  move(name: string, from: Place | undefined, to: Place | undefined): void;
  shapes(): Shape[];
  /** Names of nodes by the reason why a rental with this selector can't have them now; null: it could. */
  groupFor(selector: Selector): Map<Reason | null, ReadonlySet<string>[]>;
  /** Grows whenever a shape appears or disappears. */
  version(): number;
}

interface Group {
  /** Counts the nodes that are not retiring. */
  shape: Shape;
  byReason: Map<Reason | null, Set<string>>;
}

export function placeOf(spec: NodeSpec, reason: Reason | null): Place {
  return { key: shapeKeyOf(spec), spec, reason };
}

export function createShapeGroups(): ShapeGroups {
  const groups = new Map<string, Group>();
  let version = 0;

  function groupOf({ key, spec: { zone, labels } }: Place): Group {
    const known = groups.get(key);
    if (known) return known;
    const group = { shape: { spec: { zone, labels }, count: 0 }, byReason: new Map() };
    groups.set(key, group);
    return group;
  }

  function count(place: Place, by: 1 | -1): void {
    if (place.spec.retiring) return;
    const { shape } = groupOf(place);
    shape.count += by;
    if (shape.count === (by === 1 ? 1 : 0)) version++;
  }

  function put(name: string, place: Place): void {
    const { byReason } = groupOf(place);
    const names = byReason.get(place.reason);
    if (names) names.add(name);
    else byReason.set(place.reason, new Set([name]));
  }

  function take(name: string, place: Place): void {
    const { byReason } = groupOf(place);
    const names = byReason.get(place.reason);
    if (names?.delete(name) && names.size === 0) byReason.delete(place.reason);
  }

  return {
    move(name, from, to) {
      // Counted up first, so that the only node of a shape does not make it disappear for a moment.
      if (to) count(to, 1);
      if (from) count(from, -1);
      if (from) take(name, from);
      if (to) put(name, to);
      if (from && groupOf(from).byReason.size === 0) groups.delete(from.key);
    },
    shapes: () => [...groups.values()].flatMap(({ shape }) => (shape.count > 0 ? [shape] : [])),
    groupFor(selector) {
      const found = new Map<Reason | null, ReadonlySet<string>[]>();
      for (const { shape, byReason } of groups.values()) {
        const isMatch = matches(selector, shape);
        for (const [reason, names] of byReason) {
          const shown = isMatch || reason === 'Retiring' ? reason : 'NotMatching';
          const sets = found.get(shown);
          if (sets) sets.push(names);
          else found.set(shown, [names]);
        }
      }
      return found;
    },
    version: () => version,
  };
}
