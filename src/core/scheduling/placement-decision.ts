import type { Breaker } from '../health/breaker.ts';
import type { Node } from '../model/node.ts';
import type { Rental } from '../model/rental.ts';
import { type PassedOverSummary, summarize, whyPassedOver } from './passed-over.ts';
import { type Candidate, countByZone, type Rank, rankNode, whyNotAgain } from './placement.ts';

/** Why a placement is where it is: kept with it, for what it was decided from is gone a moment later. */
export interface PlacementDecision {
  /** Nodes that could have been taken, the chosen one included. */
  usable: number;
  rank: Rank;
  passedOver: PassedOverSummary;
  breaker: { open: boolean; message: string };
}

export function describePlacement(
  rental: Rental,
  chosen: Node,
  candidates: Candidate[],
  { open, message }: Breaker,
  now: Date,
): PlacementDecision {
  const others = candidates.filter(({ node }) => node !== chosen);
  const taken = candidates.find(({ node }) => node === chosen) ?? { node: chosen };
  const passedOver = others.map((candidate) => ({
    node: candidate.node.spec.name,
    reason:
      whyPassedOver(rental.spec.selector, candidate) ??
      whyNotAgain(rental, candidate.node.spec.name, now) ??
      ('RankedLower' as const),
  }));
  return {
    usable: 1 + passedOver.filter(({ reason }) => reason === 'RankedLower').length,
    rank: rankNode(rental, taken as Candidate, countByZone(candidates), now),
    passedOver: summarize(passedOver),
    breaker: { open, message },
  };
}
