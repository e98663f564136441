import {
  describeAnswer,
  describeChanges,
  type InventoryRows,
  listMovedNodes,
} from '../core/fleet/inventory-events.ts';
import type { NewEvent } from '../core/history/event.ts';
import { answerInventory, type InventoryDiff, sliceDiff } from '../core/model/inventory.ts';
import { newNodeRecord } from '../core/model/node.ts';
import type { Rental } from '../core/model/rental.ts';
import type { InventoryStore } from '../core/ports/inventories.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { readOnce } from './connection/transaction.ts';
import { underFence } from './fence.ts';
import { loadInventoryState, requestInventory, saveAnswer } from './statements/inventories.ts';
import { createNodes, listNodes, loadNodes, updateNodeSpec } from './statements/nodes.ts';
import { findHighestUids, listOccupants } from './statements/placements.ts';
import { loadRental } from './statements/rentals.ts';
import { withEvent } from './with-event.ts';

/** Of nodes that join, change or leave together: the lease row is locked meanwhile. */
const NODES_AT_ONCE = 250;

export function createInventoryStore(pool: Pool): InventoryStore {
  return {
    async applyInventory(leadership, { sha256, answering, ...wanted }, now) {
      const { diff, answer } = answerInventory(await readOnce(pool, listNodes), wanted);
      const slices = sliceDiff(diff, NODES_AT_ONCE);
      for (const [index, slice] of slices.entries()) {
        const result = await underFence(pool, leadership, async (connection) => {
          const events = await applyDiff(connection, slice, now);
          if (index === slices.length - 1) {
            await saveAnswer(connection, { answering, answer, sha256, at: now });
            events.push(...describeAnswer(answer, now));
          }
          return { keep: true, result: 'saved', events };
        });
        if (result === 'deposed') return result;
      }
      return answer;
    },

    async refuseInventory(leadership, answer, answering, now) {
      const result = await underFence(pool, leadership, async (connection) => {
        await saveAnswer(connection, { answering, answer, sha256: null, at: now });
        return { keep: true, result: 'saved', events: describeAnswer(answer, now) };
      });
      return result !== 'deposed';
    },

    loadInventoryState: () => readOnce(pool, loadInventoryState),
    requestInventory: (request, event) =>
      withEvent(pool, event, (connection) => requestInventory(connection, request)),
  };
}

async function applyDiff(connection: Connection, diff: InventoryDiff, now: Date): Promise<NewEvent[]> {
  const joining = [...diff.added];
  for (const { after } of diff.changed) if (!(await updateNodeSpec(connection, after))) joining.push(after);
  for (const spec of diff.removed) await updateNodeSpec(connection, { ...spec, retiring: true });
  const names = joining.map(({ name }) => name);
  const uids = await findHighestUids(connection, names);
  const rows = joining.map((spec) => ({ spec, record: newNodeRecord(now, uids.get(spec.name)) }));
  await createNodes(connection, rows);
  return describeChanges(diff, await loadRows(connection, diff), now);
}

/** The rows of the nodes that the diff names. */
async function loadRows(connection: Connection, diff: InventoryDiff): Promise<InventoryRows> {
  const names = [...diff.added, ...diff.changed, ...diff.removed].map(({ name }) => name);
  const nodes = new Map((await loadNodes(connection, names)).map((node) => [node.spec.name, node]));
  const occupants = await listOccupants(connection, names);
  const rentals = new Map<string, Rental>();
  for (const name of listMovedNodes(diff)) {
    const id = occupants.get(name);
    const rental = id === undefined ? null : await loadRental(connection, id);
    if (rental) rentals.set(rental.id, rental);
  }
  return { nodes, occupants, rentals };
}
