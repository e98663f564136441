import { accessOf } from '../core/model/lease.ts';
import { recordFill } from '../core/model/listener-fill.ts';
import type { Node } from '../core/model/node.ts';
import type { Rental } from '../core/model/rental.ts';
import { applyChange } from '../core/rental/change.ts';
import { decideRental } from '../core/rental/decide.ts';
import type { QueuePlace, RentalDecision } from '../core/rental/decision.ts';
import { describeRental } from '../core/rental/events.ts';
import { computeTurn, listMoves } from '../core/rental/move-turn.ts';
import { recordOf } from '../core/rental/record.ts';
import { measureStep } from '../core/rental/steps.ts';
import { choosePlacement, type Offer } from '../core/scheduling/placement.ts';
import { describePlacement } from '../core/scheduling/placement-decision.ts';
import { commit } from './commit.ts';
import type { Context } from './context.ts';

export interface Look {
  /** The API wrote it since it was last seen, which is acknowledged even when nothing else changes. */
  isDirty: boolean;
  /** Its place in the queue; null: none. */
  place: QueuePlace | null;
  /** The nodes to choose from; default: all that are on offer at that moment. */
  offer?: Offer;
  /** Number of pickier rentals that wait for a node like this; default: 0. */
  pickierAt?: (node: Node) => number;
}

/**
 * One pass over one rental: decide, save, start the work. Resolves with the decision; null: the save lost against
 * another write, and the rental is due again.
 */
export async function reconcileRental(
  rental: Rental,
  context: Context,
  { isDirty, place, offer, pickierAt = () => 0 }: Look,
): Promise<RentalDecision | null> {
  const { fleet, outlook, due, clock, policy } = context;
  const now = clock.now();
  const decision = decideRental({
    rental,
    nodeOf: fleet.nodes.get,
    breaker: context.breaker(),
    isOverridden: context.controls.isOverridden,
    pause: context.controls.pause(),
    choose: () => choosePlacement(rental, offer ?? outlook.roster().offer(), now, pickierAt),
    turn: (isUrgent) =>
      computeTurn(listMoves(fleet.rentals.moved(), fleet.nodes.get), isUrgent, policy().migrate, now),
    place,
    policy: policy(),
    now,
  });
  const record = recordOf(rental, decision, recordFill(rental, context.watcher.fill, now), now);
  if (decision.nextDueAt) due.markAt(`rental/${rental.id}`, decision.nextDueAt);
  if (record === rental.record && decision.change.kind === 'none' && !isDirty) return decision;

  const change = applyChange(rental, decision, now);
  if (change.bound && decision.change.kind === 'bind') {
    const { node } = decision.change;
    const [breaker, pickier] = [context.breaker(), pickierAt(node)];
    change.bound.decision = describePlacement(rental, node, outlook.roster(), { breaker, pickier, now });
  }
  const step = measureStep(rental, decision, fleet.nodes.get, now);
  const fence = await commit(context, {
    ...change.save,
    rentals: [
      {
        id: rental.id,
        record,
        seenGeneration: rental.generation,
        seenReleaseRequested: rental.releaseRequestedAt !== null,
      },
    ],
    events: [
      ...describeRental(
        { rental, record, decision, placementsAfter: change.placementsAfter },
        fleet.nodes.get,
        now,
      ),
      ...change.events,
    ],
  });
  if (fence === 'conflict') return null;
  if (step) context.metrics.stepped(step);
  if (change.bound) {
    const { node, account, uid } = change.bound;
    const access = accessOf(rental, now);
    const work = { kind: 'ensureAccess', epoch: fence, account, uid, ...access } as const;
    context.start(node, work, fence);
  }
  return decision;
}
