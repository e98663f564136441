import type { NodeSpec } from '../model/node.ts';

/** Nodes that match the same selectors, as far as zone and labels decide. */
export interface Shape {
  spec: Pick<NodeSpec, 'zone' | 'labels'>;
  count: number;
}

/** The same for nodes of the same shape, whatever the order of their labels. */
export function shapeKeyOf({ zone, labels }: Shape['spec']): string {
  return JSON.stringify([zone, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
