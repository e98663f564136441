import type { Reason } from '../failure/reason.ts';
import { createHealth } from '../health/health.ts';
import { findCondition } from '../model/condition.ts';
import type { Node } from '../model/node.ts';
import type { Selector } from '../model/rental.ts';
import { type Candidate, matches, type PassedOver, whyNotNow } from './placement.ts';

/** Nodes that were passed over, as it is kept and shown: however large the fleet is, this stays small. */
export interface PassedOverSummary {
  nodes: PassedOver[];
  /** Those that are not named, by reason. */
  others: { reason: Reason; count: number }[];
}

/** How many nodes are named. */
const NAMED = 50;

/** Why a rental can't have this node, whichever way that is; null when it can. */
export function whyPassedOver(selector: Selector, candidate: Candidate): Reason | null {
  if (candidate.node.spec.retiring) return 'Retiring';
  if (!matches(selector, candidate.node)) return 'NotMatching';
  return whyNotNow(candidate);
}

/**
 * A node as placement sees it, from what is stored alone. What a leader has seen of its health and of drift stands in
 * its conditions.
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

/** Those that come closest to being taken are named first. */
export function summarize(passedOver: PassedOver[]): PassedOverSummary {
  const distance = (reason: Reason) => (reason === 'NotMatching' ? 2 : reason === 'RankedLower' ? 0 : 1);
  const sorted = passedOver.toSorted(
    (a, b) => distance(a.reason) - distance(b.reason) || (a.node < b.node ? -1 : 1),
  );
  const counts = new Map<Reason, number>();
  for (const { reason } of sorted.slice(NAMED)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return {
    nodes: sorted.slice(0, NAMED),
    others: [...counts].map(([reason, count]) => ({ reason, count })),
  };
}
