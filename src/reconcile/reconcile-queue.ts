import type { Node } from '../core/model/node.ts';
import type { Rental } from '../core/model/rental.ts';
import { isHeldBack } from '../core/rental/decide-pending.ts';
import type { QueuePlace } from '../core/rental/decision.ts';
import { createDemand } from '../core/scheduling/demand.ts';
import { typicalEnds } from '../core/scheduling/lease-use.ts';
import { canEverMatch, matches, type Offer, whyNotAgain } from '../core/scheduling/placement.ts';
import { createStandings, nextInTurn, orderQueue, type Standings } from '../core/scheduling/queue.ts';
import { estimateTurns, settleEstimates } from '../core/scheduling/queue-estimate.ts';
import type { Context } from './context.ts';
import { reconcileRental } from './reconcile-rental.ts';
import type { UnsatisfiableRentals } from './unsatisfiable.ts';

/**
 * Rentals without a node. First each rental that can have a node now gets it, in the order of turns. Then all that
 * still wait get their places. `dirty`: rentals that the API wrote since they were last seen.
 */
export async function reconcileQueue(
  context: Context,
  dirty: Set<string>,
  unsatisfiable: UnsatisfiableRentals,
): Promise<void> {
  const { fleet } = context;
  const listOpen = () =>
    fleet.rentals.waiting().filter((rental) => dirty.has(rental.id) || !unsatisfiable.isKnown(rental));
  if (listOpen().length === 0) return;
  const offer = await serveInTurn(context, listOpen, dirty);
  if (offer === null) return;
  const waiting = listOpen();
  const places = assignPlaces(waiting, offer, context);
  for (const { id } of waiting) {
    const rental = fleet.rentals.get(id);
    const place = places.get(id) ?? null;
    if (!rental) continue;
    const decided = await reconcileRental(rental, context, { isDirty: dirty.delete(id), place, offer });
    const after = fleet.rentals.get(id);
    if (after) unsatisfiable.note(after, { isUnsatisfiable: decided?.reason === 'Unsatisfiable' });
  }
}

/**
 * The next turn depends on who was just served, so it is computed anew each time. Returns the nodes as they were when
 * nobody could have one: a node that becomes free later is for the next round, since it may be another rental's turn.
 * Null: the save for a rental's turn lost against another write. Nobody may get ahead of that rental because of it, so
 * the next round starts over.
 */
async function serveInTurn(
  context: Context,
  listWaiting: () => Rental[],
  dirty: Set<string>,
): Promise<Offer | null> {
  const { outlook, policy, clock } = context;
  const asked = new Set<string>();
  for (;;) {
    const offer = outlook.roster().offer();
    if (offer.usable.length === 0) return offer;
    const now = clock.now();
    const waiting = listWaiting().filter(
      (rental) => !asked.has(rental.id) && !isHeldBack(rental, policy(), now),
    );
    const next = nextInTurn(waiting, standingsOf(context), offer.usable, (rental, { node }) =>
      canHave(rental, node, now),
    );
    if (next === undefined) return offer;
    asked.add(next.id);
    const demand = createDemand(waiting, offer.shapes);
    const { queuePosition: position, queueEstimateAt: estimateAt } = next.record;
    const decided = await reconcileRental(next, context, {
      isDirty: dirty.delete(next.id),
      // It keeps its place if it gets no node after all.
      place: position === null ? null : { position, estimateAt },
      pickierAt: (node) => demand.pickierThan(next, node),
    });
    if (decided === null) return null;
  }
}

function canHave(rental: Rental, node: Node, now: Date): boolean {
  return matches(rental.spec.selector, node) && whyNotAgain(rental, node.spec.name, now) === null;
}

function standingsOf({ fleet, policy }: Context): Standings {
  const fits = ({ spec }: Rental, name: string) => {
    const node = fleet.nodes.get(name);
    return node !== undefined && matches(spec.selector, node);
  };
  return createStandings(fleet.rentals.heldBy, fleet.services(), fits, policy().lease.defaultMs);
}

/** Places of rentals that wait for a node and nothing else. A rental that is rejected when all is full has none. */
function assignPlaces(
  waiting: Rental[],
  { shapes, usable }: Offer,
  context: Context,
): Map<string, QueuePlace> {
  const { fleet, policy, clock } = context;
  const now = clock.now();
  const queued = waiting.filter(
    (rental) =>
      rental.spec.whenFull === 'queue' &&
      !isHeldBack(rental, policy(), now) &&
      canEverMatch(rental.spec.selector, shapes),
  );
  if (queued.length === 0) return new Map();
  const order = orderQueue(queued, standingsOf(context));
  const free = new Set(usable.map(({ node }) => node.spec.name));
  const prospects = [...fleet.nodes.all()].map((node) => {
    const { name } = node.spec;
    const live = fleet.livePlacement(name);
    const holder = (live && fleet.rentals.get(live.rentalId)) ?? null;
    return { node, holder, isFree: free.has(name) };
  });
  const estimates = estimateTurns(order, prospects, typicalEnds(fleet.leaseUses()), now.getTime());
  const settled = settleEstimates(order, estimates, now);
  return new Map(
    order.map(({ id }, index) => [id, { position: index + 1, estimateAt: settled.get(id) ?? null }]),
  );
}
