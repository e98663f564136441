import type { EventType, NewEvent } from '../core/history/event.ts';
import {
  diffInventory,
  type InventoryAnswer,
  type InventoryDiff,
  whyTooMuch,
} from '../core/model/inventory.ts';
import { FIRST_UID, newNodeRecord } from '../core/model/node.ts';
import type { InventoryStore } from '../core/ports/stores.ts';
import { viewNode } from '../core/view/node-view.ts';
import { viewRental } from '../core/view/rental-view.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { inTransaction, readOnce } from './connection/transaction.ts';
import { underFence } from './fence.ts';
import { insertUnnumberedEvent } from './statements/events.ts';
import { loadInventoryState, saveAnswer } from './statements/inventories.ts';
import { insertNode, listNodes, loadNode, updateNodeSpec } from './statements/nodes.ts';
import { findHighestUid, listOccupants } from './statements/placements.ts';
import { loadRental } from './statements/rentals.ts';

export function createInventoryStore(pool: Pool): InventoryStore {
  return {
    async applyInventory(leadership, { specs, sha256, force, answering }, now) {
      return await underFence<InventoryAnswer>(pool, leadership, async (connection) => {
        const current = await listNodes(connection);
        const diff = diffInventory(
          current.map(({ spec }) => spec),
          specs,
        );
        const tooMuch = force ? null : whyTooMuch(current, diff);
        const answer: InventoryAnswer =
          tooMuch === null
            ? await applyDiff(connection, diff, now)
            : { kind: 'refused', reason: 'InventoryRefused', message: tooMuch };
        await saveAnswer(connection, { answering, answer, sha256, at: now });
        const events = answer.kind === 'refused' ? [] : await describeChanges(connection, diff, now);
        return { keep: true, result: answer, events: [...events, ...describeAnswer(answer, now)] };
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
    recordEvent: (event) => inTransaction(pool, (connection) => insertUnnumberedEvent(connection, event)),
  };
}

async function applyDiff(connection: Connection, diff: InventoryDiff, now: Date): Promise<InventoryAnswer> {
  for (const spec of diff.added) {
    // A node whose name was here before is presumed to be the same machine: no uid is used twice on it.
    const nextUid = Math.max(FIRST_UID, (await findHighestUid(connection, spec.name)) + 1);
    await insertNode(connection, spec, { ...newNodeRecord(now), nextUid });
  }
  for (const { after } of diff.changed) await updateNodeSpec(connection, after);
  for (const spec of diff.removed) await updateNodeSpec(connection, { ...spec, retiring: true });
  return {
    kind: 'applied',
    added: diff.added.map(({ name }) => name),
    changed: diff.changed.map(({ name }) => name),
    retiring: diff.removed.map(({ name }) => name),
  };
}

/** No event when the fleet already matches the file. */
function describeAnswer(answer: InventoryAnswer, at: Date): NewEvent[] {
  const about = { at, rentalId: null, node: null, tenant: null, object: null };
  if (answer.kind === 'refused') {
    return [{ type: 'inventory.refused', ...about, reason: answer.reason, message: answer.message }];
  }
  const { added, changed, retiring } = answer;
  if (added.length + changed.length + retiring.length === 0) return [];
  const message = `${added.length} added, ${changed.length} changed, ${retiring.length} taken out`;
  return [{ type: 'inventory.applied', ...about, reason: 'InventoryApplied', message }];
}

async function describeChanges(
  connection: Connection,
  { added, changed, removed }: InventoryDiff,
  now: Date,
): Promise<NewEvent[]> {
  const changes: { type: EventType; name: string; message: string }[] = [
    ...added.map(({ name }) => ({ type: 'node.joined' as const, name, message: `${name} joined the fleet` })),
    ...changed.map(({ name, keys }) => ({
      type: 'node.changed' as const,
      name,
      // Names of fields, not their values: key paths don't belong in a history.
      message: `the inventory changed ${keys.join(', ')} of ${name}`,
    })),
    ...removed.map(({ name }) => ({
      type: 'node.retiring' as const,
      name,
      message: `${name} is no longer in the inventory`,
    })),
  ];
  if (changes.length === 0) return [];
  const occupants = await listOccupants(connection);
  const events: NewEvent[] = [];
  for (const { type, name, message } of changes) {
    const node = await loadNode(connection, name);
    const occupant = occupants.get(name) ?? null;
    const object = node && viewNode(node, occupant);
    const about = { at: now, rentalId: null, node: name, tenant: null };
    events.push({ type, ...about, reason: 'InventoryApplied', message, object });
  }
  return [...events, ...(await describeAddresses(connection, changed, occupants, now))];
}

/** A client whose node gets another address learns of it from an event of the rental. */
async function describeAddresses(
  connection: Connection,
  changed: InventoryDiff['changed'],
  occupants: Map<string, string>,
  now: Date,
): Promise<NewEvent[]> {
  const events: NewEvent[] = [];
  for (const { name, after, keys } of changed) {
    const rentalId = occupants.get(name);
    if (rentalId === undefined || !(keys.includes('clientHost') || keys.includes('clientPort'))) continue;
    const [rental, node] = [await loadRental(connection, rentalId), await loadNode(connection, name)];
    if (rental === null || node === null) continue;
    const message = `${name} is now reached at ${after.clientHost}:${after.clientPort}`;
    const object = viewRental(rental, (wanted) => (wanted === name ? node : undefined));
    const about = { at: now, rentalId, node: name, tenant: rental.tenant };
    events.push({ type: 'rental.status', ...about, reason: 'InventoryApplied', message, object });
  }
  return events;
}
