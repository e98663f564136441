import type { Node } from '../model/node.ts';
import type { Rental, Selector } from '../model/rental.ts';
import { matches } from './placement.ts';
import { type Shape, shapeKeyOf } from './shape.ts';

/** Rentals that wait, counted by what they ask for. */
export interface Demand {
  /** How many of them fit the node and fewer nodes of the fleet than this rental does. */
  pickierThan(rental: Rental, node: Node): number;
}

interface Group {
  selector: Selector;
  waiting: number;
  /** Nodes of the fleet that fit. */
  fits: number;
}

/**
 * Who can go elsewhere leaves a node to who can't: on a free node each wants one, and with this both get one as long as
 * there is one for each.
 */
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

/** The same for selectors that ask for the same, in whatever order. */
export function keyOf({ zone, matchLabels }: Selector): string {
  return shapeKeyOf({ zone, labels: matchLabels });
}
