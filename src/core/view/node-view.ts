import type { Condition } from '../model/condition.ts';
import type { Differences } from '../model/differences.ts';
import type { NodeLimits } from '../model/limits.ts';
import type { Node, NodeStatus } from '../model/node.ts';
import { isLendable, type NodeState } from '../model/node-states.ts';
import { type AttributionView, viewAttribution } from './attribution-view.ts';

/** A node as administrators see it: this list of fields and nothing else. */
export interface NodeView {
  name: string;
  /** Grows with each change of the spec or of operators' requests; taken into account once it is observed. */
  generation: number;
  spec: {
    host: string;
    port: number;
    /** The host key that the inventory pins. */
    hostKey: string | null;
    zone: string | null;
    labels: Record<string, string>;
    unschedulable: boolean;
    draining: boolean;
    /** Why it is cordoned or drained, and who asked for it; null when it is neither. */
    maintenance: AttributionView | null;
    /** Removed from the inventory; listed until it is empty and clean. */
    retiring: boolean;
  };
  status: {
    observedGeneration: number;
    status: NodeStatus;
    allocated: boolean;
    state: NodeState;
    stateSince: string;
    /** When its probes began to fail; kept until it has answered for long enough. Null: it answers. */
    unreachableSince: string | null;
    /** Id of the rental that has a live placement on the node. */
    rental: string | null;
    lastChecked: string | null;
    hostKey: string | null;
    /** SHA256:… of the key that it shows instead; no login is tried meanwhile. */
    offeredFingerprint: string | null;
    /** The other fleet that the node belongs to; it accepts no orders meanwhile. */
    otherFleet: string | null;
    /** What the last verification found that an operator may accept; null: nothing. */
    differences: Differences | null;
    /** When the failed work is retried, if the node answers; null when nothing is waiting. */
    nextAttemptAt: string | null;
    /** Which limits of `policy.limits` hold, as measured on the node; null: not measured yet. */
    limits: NodeLimits | null;
    conditions: Condition[];
  };
}

/** A node as tenants see it: enough to choose one, nothing about who is on it or how it is reached. */
export interface TenantNodeView {
  name: string;
  spec: { zone: string | null; labels: Record<string, string> };
  status: { free: boolean };
}

/** `occupant`: id of the rental that has a live placement on the node. */
export function viewNode(node: Node, occupant: string | null): NodeView {
  const { spec, requests, record } = node;
  return {
    name: spec.name,
    generation: node.generation,
    spec: {
      host: spec.host,
      port: spec.port,
      hostKey: spec.pinnedHostKey,
      zone: spec.zone,
      labels: spec.labels,
      unschedulable: requests.cordoned || requests.draining || spec.retiring,
      draining: requests.draining,
      maintenance: requests.maintenance && viewAttribution(requests.maintenance),
      retiring: spec.retiring,
    },
    status: {
      observedGeneration: record.observedGeneration,
      status: record.status,
      allocated: occupant !== null,
      state: record.state,
      stateSince: record.stateSince.toISOString(),
      unreachableSince: record.unreachableSince === null ? null : record.unreachableSince.toISOString(),
      rental: occupant,
      lastChecked: node.lastCheckedAt === null ? null : node.lastCheckedAt.toISOString(),
      hostKey: spec.pinnedHostKey ?? record.hostKey,
      offeredFingerprint: record.offeredFingerprint,
      otherFleet: record.otherFleet,
      differences: record.differences,
      nextAttemptAt: record.nextAttemptAt === null ? null : record.nextAttemptAt.toISOString(),
      limits: record.limits,
      conditions: record.conditions,
    },
  };
}

export function viewNodeForTenant(node: Node, occupant: string | null): TenantNodeView {
  return reduceNodeView(viewNode(node, occupant));
}

/** Reduces the administrators' view to the tenants'; the history holds the full one. */
export function reduceNodeView(view: NodeView): TenantNodeView {
  const { status, spec } = view;
  return {
    name: view.name,
    spec: { zone: spec.zone, labels: spec.labels },
    status: {
      free: isLendable(status.state) && status.status === 'alive' && !status.allocated && !spec.unschedulable,
    },
  };
}
