import { createHealth, type Health, judge, type Observation } from '../core/health/health.ts';
import { type BootMemory, NO_BOOT } from '../core/model/boot.ts';
import { type InspectionMemory, NEW_INSPECTION_MEMORY } from '../core/model/inspection.ts';
import type { SeenFill } from '../core/model/listener-fill.ts';
import type { Node } from '../core/model/node.ts';
import type { Policy } from '../core/model/policy.ts';
import type { NodeTarget } from '../core/ports/node-access.ts';

/** A node, and what this leader has seen of it. */
export interface WatchedNode {
  node: Node;
  health: Health;
  boot: BootMemory;
  /** Cancels the next probe. */
  cancel: () => void;
  probing: boolean;
  /** Another probe was requested while one was running. */
  again: boolean;
  /** When a fresh login with an inspection is due. It is made only while the node is alive. */
  inspectAtMs: number;
  inspection: InspectionMemory;
  /** Why the last inspection could not be read, so that the log says it once. */
  unreadable: string | null;
  fill: SeenFill | null;
  /** What was logged since the node last failed or answered, so that reasons that take turns are logged once. */
  logged: Set<string>;
}

export function createWatchedNode(node: Node, nowMs: number, inspectAtMs: number): WatchedNode {
  return {
    node,
    health: createHealth(nowMs),
    boot: NO_BOOT,
    cancel: () => undefined,
    probing: false,
    again: false,
    inspectAtMs,
    inspection: NEW_INSPECTION_MEMORY,
    unreadable: null,
    fill: null,
    logged: new Set<string>(),
  };
}

/** When the next probe is due, also one that is made to inspect the node. */
export function dueAtMs({ health, inspectAtMs }: WatchedNode): number {
  const mayInspect = health.verdict === 'alive' && health.failures === 0;
  return mayInspect ? Math.min(health.nextProbeAtMs, inspectAtMs) : health.nextProbeAtMs;
}

/** Judges the node by a probe that ended at `at`. */
export function applyProbe(
  entry: WatchedNode,
  observation: Observation,
  { policy, jitter, at }: { policy: Policy['probe']; jitter: number; at: Date },
): void {
  const before = entry.health;
  const health = judge(before, observation, policy, jitter);
  entry.health = entry.again ? { ...health, nextProbeAtMs: observation.endedAtMs } : health;
  entry.again = false;
  const { filled } = observation.result;
  if (filled) {
    entry.fill = { ...filled, at };
    // The account was shut out with it: the repair that lets it in again is the client's due.
    entry.inspectAtMs = 0;
  }
  // Whatever happened to it while it was away, however short: it may be another machine in the same place.
  if (before.failures > 0 && health.failures === 0) entry.inspectAtMs = 0;
}

/** Whether the node is now dialled in another way, so that what was seen may be of another machine. */
export function isElsewhere(a: Node, b: Node): boolean {
  return (
    a.spec.host !== b.spec.host ||
    a.spec.port !== b.spec.port ||
    a.spec.user !== b.spec.user ||
    a.spec.privateKeyPath !== b.spec.privateKeyPath ||
    a.spec.pinnedHostKey !== b.spec.pinnedHostKey
  );
}

/** How to dial a node: with the pinned key, or the recorded one, or the one seen first and not yet recorded. */
export function targetOf(node: Node, health: Health): NodeTarget {
  const { name, host, port, user, privateKeyPath, pinnedHostKey } = node.spec;
  const hostKey = pinnedHostKey ?? node.record.hostKey ?? health.hostKey;
  return { name, host, port, user, privateKeyPath, hostKey };
}
