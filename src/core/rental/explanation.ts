import { REASONS, type Reason } from '../failure/reason.ts';
import { findCondition } from '../model/condition.ts';
import { type Node, wasVerified } from '../model/node.ts';
import { isDeadState } from '../model/node-states.ts';
import { type Placement, type Rental, type RentalPhase, servingOf } from '../model/rental.ts';
import { candidateOf, type PassedOverSummary, summarize, whyPassedOver } from '../scheduling/passed-over.ts';
import { type PassedOver, whyNotAgain } from '../scheduling/placement.ts';
import type { PlacementDecision } from '../scheduling/placement-decision.ts';
import { type PlacementView, viewPlacement } from '../view/rental-view.ts';
import { whyLeave } from './departure.ts';

/** Why a rental is where it is, or why it waits, as the API shows it. */
export interface Explanation {
  rental: string;
  name: string;
  phase: RentalPhase;
  node: string | null;
  /** What its condition `Ready` says, and since when. */
  reason: Reason;
  message: string;
  since: string | null;
  queuePosition: number | null;
  /** When it may expect a node; null: it waits for none, or the time is unknown. */
  queueEstimateAt: string | null;
  /** The nodes as they are now, for a rental that wants one or another one; null when it wants none. */
  wanted: { usable: number; passedOver: PassedOverSummary } | null;
  /** The last placement, and the facts behind its decision. */
  placement: (PlacementView & { decision: DecisionView | null }) | null;
  /** What each reason in this answer means. */
  meanings: Record<string, string>;
}

export interface DecisionView extends Omit<PlacementDecision, 'rank'> {
  rank: {
    failedHere: number;
    pickier: number;
    failedLatelyAt: string | null;
    inZone: number;
    restedSince: string | null;
  };
}

/** `decision`: the one stored with the last placement; null when there is none. */
export function explainRental(
  rental: Rental,
  nodes: Node[],
  occupants: ReadonlyMap<string, string>,
  decision: PlacementDecision | null,
  now: Date,
): Explanation {
  const ready = findCondition(rental.record.conditions, 'Ready');
  const last = lastPlacement(rental);
  const serving = servingOf(rental);
  const explanation = {
    rental: rental.id,
    name: rental.name,
    phase: rental.record.phase,
    node: serving?.node ?? null,
    reason: ready?.reason ?? ('Accepted' as const),
    message: ready?.reason === 'MigrationHeld' ? explainHold(nodes, occupants) : (ready?.message ?? 'stored'),
    since: ready?.lastTransitionTime ?? null,
    queuePosition: rental.record.queuePosition,
    queueEstimateAt: rental.record.queueEstimateAt?.toISOString() ?? null,
    wanted: wantsNode(rental, nodes) ? explainWaiting(rental, nodes, occupants, ready?.reason, now) : null,
    placement: last ? { ...viewPlacement(last), decision: decision && viewDecision(decision) } : null,
  };
  return { ...explanation, meanings: meaningsIn(explanation) };
}

/** With current numbers; the stored message has those of when it was written. */
function explainHold(nodes: Node[], occupants: ReadonlyMap<string, string>): string {
  const counted = nodes.filter((node) => wasVerified(node) || occupants.has(node.spec.name));
  const isUnhealthy = ({ record }: Node) =>
    isDeadState(record.state) || findCondition(record.conditions, 'Reachable')?.status === 'False';
  const unhealthy = counted.filter(isUnhealthy).length;
  const percent = Math.round((100 * unhealthy) / Math.max(counted.length, 1));
  return `no rental is moved: ${unhealthy} of ${counted.length} nodes (${percent} %) are unhealthy now; moves resume once few enough have been for a while`;
}

export function lastPlacement({ placements }: Rental): Placement | undefined {
  return placements.toSorted((a, b) => a.epoch - b.epoch).at(-1);
}

/** The rental has no node, or one that is dead or to be emptied, and no other one is being prepared. */
function wantsNode({ placements, releaseRequestedAt, record }: Rental, nodes: Node[]): boolean {
  if (releaseRequestedAt !== null || record.endedAt !== null || record.phase === 'Releasing') return false;
  const live = placements.filter(({ endedAt }) => endedAt === null);
  if (live.some(({ role }) => role === 'incoming')) return false;
  return whyLeave(nodes.find(({ spec }) => spec.name === live[0]?.node)) !== null;
}

/** Reasons that do not hold the rental itself back. Any other does, whatever nodes there are. */
const NO_HOLD: readonly (Reason | undefined)[] = [undefined, 'Accepted', 'NoFreeNode', 'Unsatisfiable'];

/**
 * Computed on request from what is stored, with the function that placement itself uses. So the answer is current,
 * and a pass over an unchanged fleet has nothing to write.
 */
function explainWaiting(
  rental: Rental,
  nodes: Node[],
  occupants: ReadonlyMap<string, string>,
  hold: Reason | undefined,
  now: Date,
): Explanation['wanted'] {
  let usable = 0;
  const passedOver: PassedOver[] = [];
  for (const node of nodes) {
    const { name } = node.spec;
    const candidate = candidateOf(node, occupants.has(name));
    const reason = whyPassedOver(rental.spec.selector, candidate) ?? whyNotAgain(rental, name, now);
    if (reason === null) usable++;
    // The node could be taken, and is not because the rental is held back.
    const told = reason ?? (NO_HOLD.includes(hold) ? null : (hold as Reason));
    if (told !== null) passedOver.push({ node: name, reason: told });
  }
  return { usable, passedOver: summarize(passedOver) };
}

function viewDecision({ rank, usable, passedOver, breaker }: PlacementDecision): DecisionView {
  const toTime = (ms: number) => (ms === 0 ? null : new Date(ms).toISOString());
  // Placements of earlier versions did not record which other rentals waited.
  const { failedHere, pickier = 0, failedLatelyMs, inZone, restedSinceMs } = rank;
  const shown = { failedHere, pickier, inZone };
  return {
    usable,
    rank: { ...shown, failedLatelyAt: toTime(failedLatelyMs), restedSince: toTime(restedSinceMs) },
    passedOver,
    breaker,
  };
}

function meaningsIn({ reason, wanted, placement }: Omit<Explanation, 'meanings'>): Record<string, string> {
  const summaries = [wanted?.passedOver, placement?.decision?.passedOver].filter((each) => each != null);
  const reasons = summaries.flatMap(({ nodes, others }) => [...nodes, ...others].map((each) => each.reason));
  // A reason that an earlier version stored may no longer be in the list.
  const known = [...new Set([reason, ...reasons])].filter((each) => each in REASONS);
  return Object.fromEntries(known.map((each) => [each, REASONS[each]]));
}
