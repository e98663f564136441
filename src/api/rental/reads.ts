import type { Node } from '../../core/model/node.ts';
import type { Rental } from '../../core/model/rental.ts';
import { nodesShownBy, type RentalView, viewRental } from '../../core/view/rental-view.ts';
import type { ApiDeps } from '../app-env.ts';
import { ProblemError } from '../problem.ts';

type Deps = Pick<ApiDeps, 'store'>;

/** By id or name, among those that the caller sees. */
export async function requireRental(
  { store }: Deps,
  scope: string | null,
  idOrName: string,
): Promise<Rental> {
  const rental = await store.findRental(scope, idOrName);
  if (rental === null) throw new ProblemError('not_found', `there is no rental ${idOrName}`);
  return rental;
}

export async function showRental(deps: Deps, rental: Rental): Promise<RentalView> {
  return viewRental(rental, await loadNodes(deps, [rental]));
}

/** What `viewRental` looks these rentals' nodes up with. */
export async function loadNodes(
  { store }: Deps,
  rentals: readonly Rental[],
): Promise<(name: string) => Node | undefined> {
  const names = nodesShownBy(rentals);
  const found = names.length === 0 ? [] : await store.loadNodes(names);
  const nodes = new Map(found.map((node) => [node.spec.name, node]));
  return (name) => nodes.get(name);
}

/** Whether the last event of a rental that has ended was sent to the client of a watch. */
export async function hasSeenEnd(
  { store }: Deps,
  lastEventId: number | null,
  { id, tenant }: Rental,
): Promise<boolean> {
  if (lastEventId === null) return false;
  const newest = { rentalId: id, node: null, type: null, beforeSeq: null, limit: 1 };
  const [last] = await store.listRecentEvents(tenant, newest);
  return last !== undefined && last.seq <= lastEventId;
}
