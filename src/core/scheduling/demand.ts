import type { Node } from '../model/node.ts';
import type { Rental, Selector } from '../model/rental.ts';
import { matches } from './placement.ts';
import { type Shape, shapeKeyOf } from './shape.ts';

/** Waiting rentals, counted by selector. */
export interface Demand {
  /** How many of them fit this node, but fewer nodes of the fleet than this rental does. */
  pickierThan(rental: Rental, node: Node): number;
}

interface Group {
  selector: Selector;
  waiting: number;
  /** How many nodes of the fleet fit. */
  fits: number;
}

/** A rental that can go elsewhere leaves a node to one that can't, so both get one if there is one for each. */
export function createDemand(waiting: Rental[], shapes: readonly Shape[]): Demand {
  const groups = new Map<string, Group>();
  const countFits = (selector: Selector) =>
    shapes.reduce((fits, shape) => fits + (matches(selector, shape) ? shape.count : 0), 0);
  for (const { spec } of waiting) {
    const { selector } = spec;
    const group = groups.get(keyOf(selector));
    if (group) group.waiting++;
    else groups.set(keyOf(selector), { selector, waiting: 1, fits: countFits(selector) });
  }
  return {
    pickierThan({ spec }, node) {
      const own = groups.get(keyOf(spec.selector))?.fits ?? countFits(spec.selector);
      let count = 0;
      for (const { selector, waiting, fits } of groups.values()) {
        if (fits < own && matches(selector, node)) count += waiting;
      }
      return count;
    },
  };
}

/** Equal for selectors that ask for the same, whatever the order of their labels. */
export function keyOf({ zone, matchLabels }: Selector): string {
  return shapeKeyOf({ zone, labels: matchLabels });
}
