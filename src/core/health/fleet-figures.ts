import { type Condition, findCondition } from '../model/condition.ts';
import type { Node } from '../model/node.ts';
import { NODE_STATES, type NodeState } from '../model/node-states.ts';
import { viewNodeForTenant } from '../view/node-view.ts';

/** The fleet's figures for monitoring. */
export interface FleetFigures {
  /** Every state, including those that no node is in. */
  states: { state: NodeState; count: number }[];
  /** Nodes that the next rental could get. */
  free: number;
  conditions: (Pick<Condition, 'type' | 'status' | 'reason'> & { count: number })[];
  /** Which nodes can't be reached, and why. */
  unreachable: { node: string; reason: Condition['reason'] }[];
}

/** `occupants`: node name -> rental id, of the live placements. */
export function computeFleetFigures(nodes: Node[], occupants: ReadonlyMap<string, string>): FleetFigures {
  const conditions = new Map<string, FleetFigures['conditions'][number]>();
  for (const { type, status, reason } of nodes.flatMap(({ record }) => record.conditions)) {
    const key = `${type} ${status} ${reason}`;
    const entry = conditions.get(key);
    if (entry) entry.count++;
    else conditions.set(key, { type, status, reason, count: 1 });
  }
  return {
    states: NODE_STATES.map((state) => ({
      state,
      count: nodes.filter(({ record }) => record.state === state).length,
    })),
    free: nodes.filter((node) => viewNodeForTenant(node, occupants.get(node.spec.name) ?? null).status.free)
      .length,
    conditions: [...conditions.values()],
    unreachable: nodes.flatMap(({ spec, record }) => {
      const reachable = findCondition(record.conditions, 'Reachable');
      return reachable?.status === 'False' ? [{ node: spec.name, reason: reachable.reason }] : [];
    }),
  };
}
