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
import { createUnsatisfiableRentals } from './unsatisfiable.ts';

/** How often places are computed at most: their estimates look at every node and every rental that waits. */
const PLACES_EVERY_MS = 1_000;

/** The rentals without a node. */
export interface Queue {
  /**
   * First each rental that can have a node now gets it, in the order of turns. Then all that still wait get their
   * places, or, if these were computed less than a second ago, only the rentals that are due or dirty are decided. `dirty`:
   * rentals that the API wrote since they were last seen.
   */
  reconcile(due: readonly string[], dirty: Set<string>): Promise<void>;
  /** Forgets rentals that are gone. */
  prune(): void;
}

export function createQueue(context: Context): Queue {
  const { fleet, clock } = context;
  const unsatisfiable = createUnsatisfiableRentals(context);
  let placesAtMs = Number.NEGATIVE_INFINITY;

  const listOpen = (dirty: Set<string>) =>
    fleet.rentals.waiting().filter((rental) => dirty.has(rental.id) || !unsatisfiable.isKnown(rental));

  async function decide(
    ids: Iterable<string>,
    placeOf: (rental: Rental) => QueuePlace | null,
    offer: Offer,
    dirty: Set<string>,
  ): Promise<void> {
    for (const id of ids) {
      const rental = fleet.rentals.get(id);
      if (!rental) continue;
      const look = { isDirty: dirty.delete(id), place: placeOf(rental), offer };
      const decided = await reconcileRental(rental, context, look);
      const after = fleet.rentals.get(id);
      if (after) unsatisfiable.note(after, { isUnsatisfiable: decided?.reason === 'Unsatisfiable' });
    }
  }

  return {
    prune: unsatisfiable.prune,
    async reconcile(due, dirty) {
      if (listOpen(dirty).length === 0) return;
      const offer = await serveInTurn(context, () => listOpen(dirty), dirty);
      if (offer === null) return;
      const waiting = listOpen(dirty);
      const ids = new Set(waiting.map(({ id }) => id));
      const waitMs = placesAtMs + PLACES_EVERY_MS - clock.monotonicMs();
      if (waitMs > 0) {
        const isDue = new Set([...due, ...dirty]);
        const taken = [...ids].filter((id) => isDue.has(id));
        await decide(taken, placeKept, offer, dirty);
        // The first stands for all of them.
        const [first] = ids;
        if (first) context.due.markAt(`rental/${first}`, new Date(clock.now().getTime() + Math.ceil(waitMs)));
        return;
      }
      placesAtMs = clock.monotonicMs();
      const places = assignPlaces(waiting, offer, context);
      await decide(ids, ({ id }) => places.get(id) ?? null, offer, dirty);
    },
  };
}

function placeKept({ record }: Rental): QueuePlace | null {
  const { queuePosition: position, queueEstimateAt: estimateAt } = record;
  return position === null ? null : { position, estimateAt };
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
    const decided = await reconcileRental(next, context, {
      isDirty: dirty.delete(next.id),
      // It keeps its place if it gets no node after all.
      place: placeKept(next),
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
