import type { Rental } from '../core/model/rental.ts';
import { isWaiting, orderDepartures } from '../core/rental/departure.ts';
import type { Context } from './context.ts';
import type { Queue } from './reconcile-queue.ts';
import { reconcileRental } from './reconcile-rental.ts';

/**
 * One round over the rentals that are due: those with a node first, since a release may free one; then those that have
 * to leave theirs; then the queue. `dirty`: rentals that the API wrote and that no round has processed yet.
 */
export async function reconcileRentals(
  ids: string[],
  context: Context,
  dirty: Set<string>,
  queue: Queue,
): Promise<void> {
  const { fleet } = context;
  const reconcile = async (rental: Rental | undefined) => {
    if (rental) await reconcileRental(rental, context, { isDirty: dirty.delete(rental.id), place: null });
  };
  const rentals = ids.flatMap((id) => fleet.rentals.get(id) ?? []);
  const leaving = new Set(listLeaving(context));
  for (const rental of rentals) if (!isWaiting(rental) && !leaving.has(rental.id)) await reconcile(rental);
  // A finished move makes room for any other, so all rentals that have to leave are checked, in their order.
  for (const id of listLeaving(context)) await reconcile(fleet.rentals.get(id));
  // A node that became free or a rental that left concerns everyone who waits.
  await queue.reconcile(ids, dirty);
}

function listLeaving({ fleet }: Pick<Context, 'fleet'>): string[] {
  return orderDepartures(fleet.rentals.leaving(), fleet.nodes.get).map(({ id }) => id);
}
