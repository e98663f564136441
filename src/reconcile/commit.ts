import type { Save } from '../core/ports/saves.ts';
import { type Context, DeposedError } from './context.ts';

/** The rows that a save writes. */
interface Rows {
  nodes: Set<string>;
  rentals: Set<string>;
}

/**
 * Saves, and brings the fleet's copy up to date: exactly the rows that the save names are read again and are due, since
 * what was decided from the old rows may already want a next step. The same after a conflict, where the old rows are
 * what the save lost by. Gives the fence number of the save. Throws DeposedError when another daemon leads.
 */
export async function commit(
  { store, leadership, fleet, due }: Pick<Context, 'store' | 'leadership' | 'fleet' | 'due'>,
  save: Save,
): Promise<number | 'conflict'> {
  const result = await store.save(leadership, save);
  if (result.kind === 'deposed') throw new DeposedError();
  await reread(rowsOf(save, fleet), { fleet, due });
  return result.kind === 'saved' ? result.fence : 'conflict';
}

/** Reads rows that were written, and marks them as due. */
export async function reread(
  { nodes = [], rentals = [] }: { nodes?: Iterable<string>; rentals?: Iterable<string> },
  { fleet, due }: Pick<Context, 'fleet' | 'due'>,
): Promise<void> {
  for (const name of nodes) {
    await fleet.refreshNode(name);
    due.markNode(name);
  }
  for (const id of rentals) {
    await fleet.refreshRental(id);
    due.markRental(id);
  }
}

function rowsOf(save: Save, fleet: Context['fleet']): Rows {
  const { nodes = [], rentals = [], placements = [], cleaned, reports = [], removeNodes = [], bind } = save;
  const rows: Rows = {
    nodes: new Set([...nodes.map(({ name }) => name), ...removeNodes]),
    rentals: new Set(rentals.map(({ id }) => id)),
  };
  if (bind) {
    rows.nodes.add(bind.node);
    rows.rentals.add(bind.rentalId);
  }
  const epochs = [...placements, ...reports].map(({ epoch }) => epoch);
  for (const epoch of [...epochs, ...(cleaned?.epochs ?? [])]) {
    const placement = fleet.placement(epoch);
    if (!placement) continue;
    rows.nodes.add(placement.node);
    // One that has ended is nobody's to look at any more.
    if (fleet.rentals.get(placement.rentalId)) rows.rentals.add(placement.rentalId);
  }
  return rows;
}
