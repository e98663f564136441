import type { Save } from '../core/ports/saves.ts';
import { type Context, DeposedError } from './context.ts';

/** The rows that a save writes. */
interface Rows {
  nodes: Set<string>;
  rentals: Set<string>;
}

/**
 * Saves, then re-reads exactly the rows that the save names and marks them due, since the new rows may already want
 * a next step. Does the same after a conflict, since the save lost because the old rows were out of date. Returns the
 * fence number of the save. Throws DeposedError when another daemon leads.
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

/** Re-reads rows that were written, and marks them due. */
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
    // A rental that has ended needs no more passes.
    if (fleet.rentals.get(placement.rentalId)) rows.rentals.add(placement.rentalId);
  }
  return rows;
}
