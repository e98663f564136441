import { LAST_UID } from '../core/model/node.ts';
import type { ReconcileStore, Save, SaveResult } from '../core/ports/stores.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { inSnapshot, readOnce } from './connection/transaction.ts';
import { underFence } from './fence.ts';
import { loadControls, markOverrideUsed } from './statements/controls.ts';
import { purgeDeliveries } from './statements/deliveries.ts';
import { isBreakerOpen, listUnnumbered } from './statements/events.ts';
import { raiseSeq } from './statements/leadership.ts';
import {
  deleteNode,
  listDirtyNodes,
  listNodes,
  loadNode,
  raiseNextUid,
  saveLastChecked,
  updateNodeRecord,
} from './statements/nodes.ts';
import {
  insertPlacement,
  listPlacementsOnNodes,
  markCleaned,
  updatePlacements,
  updateReports,
} from './statements/placements.ts';
import { purgeEvents, purgeRentals } from './statements/purge.ts';
import { listLeaseUses, listServices } from './statements/queue-history.ts';
import { listDirtyRentals, listOpenRentals, loadRental, updateRentalRecord } from './statements/rentals.ts';

/** Far below 2^53, where JavaScript's numbers stop being exact. */
const HIGHEST_PLAUSIBLE_FENCE = 2 ** 48;

export function createReconcileStore(pool: Pool): ReconcileStore {
  return {
    listDirtyRentals: () => readOnce(pool, listDirtyRentals),
    listDirtyNodes: () => readOnce(pool, listDirtyNodes),
    listNodes: () => readOnce(pool, listNodes),
    loadNode: (name) => readOnce(pool, (connection) => loadNode(connection, name)),
    listOpenRentals: () => inSnapshot(pool, listOpenRentals),
    loadRental: (id) => inSnapshot(pool, (connection) => loadRental(connection, id)),
    listServices: () => readOnce(pool, listServices),
    listLeaseUses: () => readOnce(pool, listLeaseUses),
    loadControls: () => readOnce(pool, loadControls),
    isBreakerOpen: () => readOnce(pool, isBreakerOpen),
    listPlacementsOnNodes: (node) => readOnce(pool, (connection) => listPlacementsOnNodes(connection, node)),

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
        // A lying node must not use up everyone's numbers. It only keeps its own work refused.
        if (seen.fence <= HIGHEST_PLAUSIBLE_FENCE) await raiseSeq(connection, seen.fence);
        if (seen.nextUid <= LAST_UID + 1) await raiseNextUid(connection, seen.node, seen.nextUid);
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

    async purge(leadership, { rentalsEndedBefore, eventsBefore, limit, ...told }) {
      return await underFence(pool, leadership, async (connection) => {
        const rentals = await purgeRentals(connection, rentalsEndedBefore, limit);
        const events = await purgeEvents(connection, eventsBefore, limit);
        const deliveries = await purgeDeliveries(connection, told, limit);
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
  // Ends come first: they make room for the new binding and for the role that is taken over.
  const ends = (save.placements ?? []).filter(({ set }) => set.endedAt);
  const others = (save.placements ?? []).filter(({ set }) => !set.endedAt);
  if (!(await updatePlacements(connection, [...ends, ...others]))) return false;
  if (save.overrideUsed !== undefined && !(await markOverrideUsed(connection, save.overrideUsed)))
    return false;
  if (save.bind && !(await insertPlacement(connection, save.bind, fence))) return false;
  if (save.reports && !(await updateReports(connection, save.reports))) return false;
  if (save.cleaned && !(await markCleaned(connection, save.cleaned.epochs, save.cleaned.at))) return false;
  for (const name of save.removeNodes ?? []) {
    if (!(await deleteNode(connection, name))) return false;
  }
  return true;
}

function checkSave({ bind, nodes }: Save): void {
  // The node's version guards the binding's uid, and that the node was free when it was chosen.
  if (bind && !nodes?.some(({ name }) => name === bind.node)) {
    throw new TypeError(`a binding to ${bind.node} needs the record of that node in the same save`);
  }
}
