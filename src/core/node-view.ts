import type { Condition } from './condition.ts';
import type { Node, NodeState, NodeStatus } from './node.ts';

/** A node as administrators see it: this list of fields and nothing else. */
export interface NodeView {
  name: string;
  spec: {
    host: string;
    port: number;
    zone: string | null;
    labels: Record<string, string>;
    unschedulable: boolean;
  };
  status: {
    status: NodeStatus;
    allocated: boolean;
    state: NodeState;
    /** Id of the rental that has a live placement on the node. */
    rental: string | null;
    lastChecked: string | null;
    hostKey: string | null;
    conditions: Condition[];
  };
}

/** A node as tenants see it: enough to choose by, nothing of who is on it or how it is reached. */
export interface TenantNodeView {
  name: string;
  spec: { zone: string | null; labels: Record<string, string> };
  status: { free: boolean };
}

/** `occupant`: id of the rental that has a live placement on the node. */
export function viewNode(node: Node, occupant: string | null): NodeView {
  const { spec, wishes, record } = node;
  return {
    name: spec.name,
    spec: {
      host: spec.host,
      port: spec.port,
      zone: spec.zone,
      labels: spec.labels,
      unschedulable: wishes.cordoned || wishes.draining || spec.retiring,
    },
    status: {
      status: record.status,
      allocated: occupant !== null,
      state: record.state,
      rental: occupant,
      lastChecked: node.lastCheckedAt === null ? null : node.lastCheckedAt.toISOString(),
      hostKey: spec.pinnedHostKey ?? record.hostKey,
      conditions: record.conditions,
    },
  };
}

export function viewNodeForTenant(node: Node, occupant: string | null): TenantNodeView {
  return reduceNodeView(viewNode(node, occupant));
}

/** The tenants' view of what administrators see; the history holds the full one. */
export function reduceNodeView(view: NodeView): TenantNodeView {
  const { status, spec } = view;
  return {
    name: view.name,
    spec: { zone: spec.zone, labels: spec.labels },
    status: {
      free: status.state === 'free' && status.status === 'alive' && !status.allocated && !spec.unschedulable,
    },
  };
}
