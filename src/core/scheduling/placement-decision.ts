import type { Breaker } from '../health/breaker.ts';
import type { Node } from '../model/node.ts';
import type { Rental } from '../model/rental.ts';
import { type PassedOverGroup, type PassedOverSummary, summarizeGroups } from './passed-over.ts';
import { type Rank, rankNode, whyNotAgain } from './placement.ts';
import type { Roster } from './roster.ts';

/** Why a placement is where it is. Stored with it, since the facts behind the decision are gone a moment later. */
export interface PlacementDecision {
  /** Nodes that could have been taken, the chosen one included. */
  usable: number;
  rank: Rank;
  passedOver: PassedOverSummary;
  breaker: { open: boolean; message: string };
}

/** `pickier`: how many pickier rentals wait for a node like the chosen one. */
export function describePlacement(
  rental: Rental,
  chosen: Node,
  roster: Roster,
  { breaker: { open, message }, pickier, now }: { breaker: Breaker; pickier: number; now: Date },
): PlacementDecision {
  const groups = groupOthers(rental, chosen.spec.name, roster, now);
  const { occupancy } = roster.offer();
  const lower = groups.filter(({ reason }) => reason === 'RankedLower');
  return {
    usable: lower.reduce((sum, { count }) => sum + count, 1),
    rank: rankNode(rental, chosen, { pickier, occupancy }, now),
    passedOver: summarizeGroups(groups),
    breaker: { open, message },
  };
}

/**
 * Every node but the chosen one, by the reason why it was not chosen. Only nodes that the rental has been on are
 * checked one by one.
 */
function groupOthers(rental: Rental, chosen: string, roster: Roster, now: Date): PassedOverGroup[] {
  const byReason = roster.groupFor(rental.spec.selector);
  const usable = byReason.get(null) ?? [];
  const tried = new Set(rental.placements.map(({ node }) => node));
  const failed = [...tried].flatMap((node) => {
    const reason = whyNotAgain(rental, node, now);
    const isApart = reason !== null && node !== chosen && usable.some((names) => names.has(node));
    return isApart ? [{ reason, names: [node], count: 1 }] : [];
  });
  const apart = new Set([chosen, ...failed.flatMap(({ names }) => names)]);
  const others = [...byReason].map(([reason, sets]) => {
    const skipped = [...apart].filter((name) => sets.some((names) => names.has(name)));
    const size = sets.reduce((sum, names) => sum + names.size, 0);
    return { reason: reason ?? 'RankedLower', names: without(apart, sets), count: size - skipped.length };
  });
  return [...failed, ...others];
}

function* without(apart: ReadonlySet<string>, sets: ReadonlySet<string>[]): Iterable<string> {
  for (const names of sets) for (const name of names) if (!apart.has(name)) yield name;
}
