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

export function countShapes(nodes: { spec: Shape['spec'] & Pick<NodeSpec, 'retiring'> }[]): Shape[] {
  const shapes = new Map<string, Shape>();
  for (const { spec } of nodes) {
    if (spec.retiring) continue;
    const key = shapeKeyOf(spec);
    const shape = shapes.get(key);
    if (shape) shape.count++;
    else shapes.set(key, { spec, count: 1 });
  }
  return [...shapes.values()];
}
