import type { NodeSpec } from '../model/node.ts';

/** Nodes with the same zone and labels, so that the same selectors match them. */
export interface Shape {
  spec: Pick<NodeSpec, 'zone' | 'labels'>;
  count: number;
}

/** Equal for nodes of the same shape, whatever the order of their labels. */
export function shapeKeyOf({ zone, labels }: Shape['spec']): string {
  return JSON.stringify([zone, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
