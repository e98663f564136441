import type { Reason } from '../failure/reason.ts';
import { createHealth } from '../health/health.ts';
import { findCondition } from '../model/condition.ts';
import type { Node } from '../model/node.ts';
import type { Selector } from '../model/rental.ts';
import { type Candidate, matches, type PassedOver, whyNotNow } from './placement.ts';

/** The nodes that were passed over, as stored and shown. It stays small, however large the fleet is. */
export interface PassedOverSummary {
  nodes: PassedOver[];
  /** The nodes that are not named, counted by reason. */
  others: { reason: Reason; count: number }[];
}

/** How many nodes are named at most. */
const NAMED = 50;

/** Why a rental can't have this node, be it the selector or the node's state; null when it can. */
export function whyPassedOver(selector: Selector, candidate: Candidate): Reason | null {
  if (candidate.node.spec.retiring) return 'Retiring';
  if (!matches(selector, candidate.node)) return 'NotMatching';
  return whyNotNow(candidate);
}

/**
 * A node as placement sees it, from stored data alone. What a leader has seen of its health and of drift is in its
 * conditions.
 */
export function candidateOf(node: Node, occupied: boolean): Candidate {
  const { conditions, status } = node.record;
  const isFailing = findCondition(conditions, 'Reachable')?.status === 'False';
  const health = { ...createHealth(0), verdict: status, failures: isFailing ? 1 : 0 };
  const kept = findCondition(conditions, 'Schedulable')?.reason;
  return {
    node,
    health,
    occupied,
    drifted: kept === 'Drifted',
    flapping: kept === 'Flapping',
    keyShared: kept === 'HostKeyShared',
  };
}

/** Names first the nodes that came closest to being taken. */
export function summarize(passedOver: PassedOver[]): PassedOverSummary {
  const groups = new Map<Reason, string[]>();
  for (const { node, reason } of passedOver) {
    const names = groups.get(reason);
    if (names) names.push(node);
    else groups.set(reason, [node]);
  }
  return summarizeGroups([...groups].map(([reason, names]) => ({ reason, names, count: names.length })));
}

/** Nodes that were passed over for the same reason. */
export interface PassedOverGroup {
  reason: Reason;
  names: Iterable<string>;
  count: number;
}

/** Reads only a few names of each group, however large it is. */
export function summarizeGroups(groups: PassedOverGroup[]): PassedOverSummary {
  const distance = (reason: Reason) => (reason === 'NotMatching' ? 2 : reason === 'RankedLower' ? 0 : 1);
  const nodes = groups
    .flatMap(({ reason, names }) => first(NAMED, names).map((node) => ({ node, reason })))
    .sort((a, b) => distance(a.reason) - distance(b.reason) || (a.node < b.node ? -1 : 1))
    .slice(0, NAMED);
  const counts = new Map<Reason, number>();
  for (const { reason, count } of groups) counts.set(reason, (counts.get(reason) ?? 0) + count);
  for (const { reason } of nodes) counts.set(reason, (counts.get(reason) ?? 0) - 1);
  const others = [...counts].map(([reason, count]) => ({ reason, count }));
  return { nodes, others: others.filter(({ count }) => count > 0) };
}

function first(count: number, names: Iterable<string>): string[] {
  const taken: string[] = [];
  for (const name of names) {
    if (taken.length === count) break;
    taken.push(name);
  }
  return taken;
}
