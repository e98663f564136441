import { nodeMachine } from './node-machine.ts';

/** The node machine as a Mermaid state diagram; docs/node-machine.md is checked against it. */
export function drawNodeMachine(): string {
  const edges = new Map<string, string[]>();
  for (const [state, node] of Object.entries(nodeMachine.states)) {
    for (const transition of [...node.transitions.values()].flat()) {
      const target = transition.target?.[0]?.key;
      if (!target) continue;
      const guard = typeof transition.guard === 'string' ? ` [${transition.guard}]` : '';
      const edge = `${state} --> ${target}`;
      edges.set(edge, [...(edges.get(edge) ?? []), `${transition.eventType}${guard}`]);
    }
  }
  const lines = [...edges].map(([edge, labels]) => `  ${edge}: ${labels.join(', ')}`);
  return ['stateDiagram-v2', '  [*] --> unknown', ...lines].join('\n');
}
