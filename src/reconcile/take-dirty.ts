import { reread } from './commit.ts';
import type { Context } from './context.ts';

type Intake = Pick<Context, 'store' | 'fleet' | 'watcher' | 'due'>;

/**
 * Reads the rows again that the API, the inventory or an operator wrote since the last pass, and marks them and what
 * they concern as due. Returns the ids of the rentals.
 */
export async function takeDirty(context: Intake): Promise<Set<string>> {
  const { store } = context;
  const names = await store.listDirtyNodes();
  for (const name of names) await takeNode(name, names.length, context);
  const rentals = new Set(await store.listDirtyRentals());
  for (const id of rentals) await takeRental(id, context);
  return rentals;
}

/** The node may be new, have another address, or have to be emptied. `together`: the number of nodes that are taken. */
async function takeNode(name: string, together: number, { fleet, watcher, due }: Intake): Promise<void> {
  await reread({ nodes: [name] }, { fleet, due });
  watcher.followNode(name, fleet.nodes.get(name), together);
  const live = fleet.livePlacement(name);
  if (live) due.markRental(live.rentalId);
}

async function takeRental(id: string, { fleet, due }: Intake): Promise<void> {
  await reread({ rentals: [id] }, { fleet, due });
  for (const { node, endedAt } of fleet.rentals.get(id)?.placements ?? []) if (!endedAt) due.markNode(node);
}
