import type { VNode } from 'preact';
import { expect, test } from 'vitest';
import { createQosView } from '../../dashboard.fixture.ts';
import { AvailabilityChart } from './availability-chart.ts';
import type { ChartProps, Plot } from './chart.ts';

/** The tags of the drawing, each with its class. */
function listShapes(drawn: unknown): string[] {
  if (Array.isArray(drawn)) return drawn.flatMap(listShapes);
  if (drawn === null || typeof drawn !== 'object') return [];
  const { type, props } = drawn as VNode<{ class?: string; children?: unknown }>;
  const own = typeof type === 'string' && props.class ? [`${type} ${props.class}`] : [];
  return [...own, ...listShapes(props.children)];
}

const plot: Plot = {
  spans: [0, 10, 20].map((x) => ({ x, width: 10 })),
  height: 100,
  y: (share) => 100 * (1 - share),
};

test('on an axis that does not begin at zero there are dots, of a shape of their own where a machine was missing', () => {
  const chart = AvailabilityChart({ qos: createQosView([1, 0.995, null]) }) as VNode<ChartProps>;
  expect(chart.props.axis.low).toBeGreaterThan(0);
  expect(listShapes(chart.props.draw(plot))).toEqual(['path dot-good', 'path dot-bad']);
});
