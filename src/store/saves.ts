import {
  checkSave,
  endsFirst,
  plausibleCounters,
  type Save,
  type SaveResult,
  type SaveStore,
} from '../core/ports/saves.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { readOnce } from './connection/transaction.ts';
import { underFence } from './fence.ts';
import { markOverrideUsed } from './statements/controls.ts';
import { purgeDeliveries } from './statements/deliveries.ts';
import { listUnnumbered } from './statements/events.ts';
import { raiseSeq } from './statements/leadership.ts';
import { deleteNode, raiseNextUid, saveLastChecked, updateNodeRecord } from './statements/nodes.ts';
import { createPlacement, markCleaned, updatePlacements, updateReports } from './statements/placements.ts';
import { purgeEvents, purgeRentals } from './statements/purge.ts';
import { updateRentalRecord } from './statements/rentals.ts';

export function createSaveStore(pool: Pool): SaveStore {
  return {
    async save(leadership, save) {
      checkSave(save);
      const result = await underFence<SaveResult>(pool, leadership, async (connection, fence) =>
        (await writeAll(connection, save, fence))
          ? { keep: true, result: { kind: 'saved', fence }, events: save.events }
          : { keep: false, result: { kind: 'conflict' } },
      );
      return result === 'deposed' ? { kind: 'deposed' } : result;
    },

    async raiseCounters(leadership, seen) {
      const result = await underFence(pool, leadership, async (connection) => {
        const { fence, nextUid } = plausibleCounters(seen);
        if (fence !== null) await raiseSeq(connection, fence);
        if (nextUid !== null) await raiseNextUid(connection, seen.node, nextUid);
        return { keep: true, result: 'raised', events: [] };
      });
      return result !== 'deposed';
    },

    async saveLastChecked(leadership, checked) {
      const result = await underFence(pool, leadership, async (connection) => {
        await saveLastChecked(connection, checked);
        return { keep: true, result: 'saved', events: [] };
      });
      return result !== 'deposed';
    },

    async numberEvents(leadership) {
      // Called on each pass, so the lease row is written only when there is something to number.
      const waiting = await readOnce(pool, listUnnumbered);
      if (waiting.length === 0) return;
      await underFence(pool, leadership, async () => ({ keep: true, result: undefined, events: [] }));
    },

    async purge(leadership, { rentalsEndedBefore, eventsBefore, limit, ...ended }) {
      return await underFence(pool, leadership, async (connection) => {
        const rentals = await purgeRentals(connection, rentalsEndedBefore, limit);
        const events = await purgeEvents(connection, eventsBefore, limit);
        const deliveries = await purgeDeliveries(connection, ended, limit);
        return { keep: true, result: { rentals, events, deliveries }, events: [] };
      });
    },
  };
}

/** False: a guard did not hold, and everything must be undone. */
async function writeAll(connection: Connection, save: Save, fence: number): Promise<boolean> {
  for (const { name, record } of save.nodes ?? []) {
    if (!(await updateNodeRecord(connection, name, record))) return false;
  }
  for (const change of save.rentals ?? []) {
    if (!(await updateRentalRecord(connection, change))) return false;
  }
  if (!(await updatePlacements(connection, endsFirst(save)))) return false;
  if (save.overrideUsed !== undefined && !(await markOverrideUsed(connection, save.overrideUsed)))
    return false;
  if (save.bind && !(await createPlacement(connection, save.bind, fence))) return false;
  if (save.reports && !(await updateReports(connection, save.reports))) return false;
  if (save.cleaned && !(await markCleaned(connection, save.cleaned.epochs, save.cleaned.at))) return false;
  for (const name of save.removeNodes ?? []) {
    if (!(await deleteNode(connection, name))) return false;
  }
  return true;
}
