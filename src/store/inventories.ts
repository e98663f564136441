import {
  describeAnswer,
  describeChanges,
  type InventoryRows,
  listMovedNodes,
} from '../core/fleet/inventory-events.ts';
import { answerInventory, type InventoryDiff } from '../core/model/inventory.ts';
import { newNodeRecord } from '../core/model/node.ts';
import type { Rental } from '../core/model/rental.ts';
import type { InventoryStore } from '../core/ports/inventories.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { readOnce } from './connection/transaction.ts';
import { underFence } from './fence.ts';
import { loadInventoryState, requestInventory, saveAnswer } from './statements/inventories.ts';
import { createNode, listNodes, updateNodeSpec } from './statements/nodes.ts';
import { findHighestUid, listOccupants } from './statements/placements.ts';
import { loadRental } from './statements/rentals.ts';
import { withEvent } from './with-event.ts';

export function createInventoryStore(pool: Pool): InventoryStore {
  return {
    async applyInventory(leadership, { sha256, answering, ...wanted }, now) {
      return await underFence(pool, leadership, async (connection) => {
        const { diff, answer } = answerInventory(await listNodes(connection), wanted);
        await applyDiff(connection, diff, now);
        await saveAnswer(connection, { answering, answer, sha256, at: now });
        const hasChanges = diff.added.length + diff.changed.length + diff.removed.length > 0;
        const changes = hasChanges ? describeChanges(diff, await loadRows(connection, diff), now) : [];
        return { keep: true, result: answer, events: [...changes, ...describeAnswer(answer, now)] };
      });
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

async function applyDiff(connection: Connection, diff: InventoryDiff, now: Date): Promise<void> {
  for (const spec of diff.added)
    await createNode(connection, spec, newNodeRecord(now, await findHighestUid(connection, spec.name)));
  for (const { after } of diff.changed) await updateNodeSpec(connection, after);
  for (const spec of diff.removed) await updateNodeSpec(connection, { ...spec, retiring: true });
}

async function loadRows(connection: Connection, diff: InventoryDiff): Promise<InventoryRows> {
  const nodes = new Map((await listNodes(connection)).map((node) => [node.spec.name, node]));
  const occupants = await listOccupants(connection);
  const rentals = new Map<string, Rental>();
  for (const name of listMovedNodes(diff)) {
    const id = occupants.get(name);
    const rental = id === undefined ? null : await loadRental(connection, id);
    if (rental) rentals.set(rental.id, rental);
  }
  return { nodes, occupants, rentals };
}
