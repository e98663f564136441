import type { EventType, NewEvent } from '../history/event.ts';
import type { InventoryAnswer, InventoryDiff } from '../model/inventory.ts';
import type { Node } from '../model/node.ts';
import type { Rental } from '../model/rental.ts';
import { viewNode } from '../view/node-view.ts';
import { viewRental } from '../view/rental-view.ts';

/** The rows after an inventory was applied. */
export interface InventoryRows {
  nodes: ReadonlyMap<string, Node>;
  /** node name -> rental id. */
  occupants: ReadonlyMap<string, string>;
  /** By id; at least those whose clients reach their node at another address now. */
  rentals: ReadonlyMap<string, Rental>;
}

/** The nodes that clients reach at another address now. */
export function listMovedNodes({ changed }: InventoryDiff): string[] {
  const isMoved = changed.filter(({ keys }) => keys.includes('clientHost') || keys.includes('clientPort'));
  return isMoved.map(({ name }) => name);
}

/** One event for each node that the inventory changed; a client whose node moved learns of it from one of the rental. */
export function describeChanges(diff: InventoryDiff, rows: InventoryRows, at: Date): NewEvent[] {
  const describe = (type: EventType, name: string, message: string): NewEvent => {
    const node = rows.nodes.get(name);
    const object = node ? viewNode(node, rows.occupants.get(name) ?? null) : null;
    const about = { at, rentalId: null, node: name, tenant: null };
    return { type, ...about, reason: 'InventoryApplied', message, object };
  };
  return [
    ...diff.added.map(({ name }) => describe('node.joined', name, `${name} joined the fleet`)),
    ...diff.changed.map(({ name, keys }) =>
      // Names of fields, not their values: key paths don't belong in a history.
      describe('node.changed', name, `the inventory changed ${keys.join(', ')} of ${name}`),
    ),
    ...diff.removed.map(({ name }) =>
      describe('node.retiring', name, `${name} is no longer in the inventory`),
    ),
    ...listMovedNodes(diff).flatMap((name) => describeMove(name, rows, at) ?? []),
  ];
}

function describeMove(name: string, rows: InventoryRows, at: Date): NewEvent | null {
  const [rental, node] = [rows.rentals.get(rows.occupants.get(name) ?? ''), rows.nodes.get(name)];
  if (rental === undefined || node === undefined) return null;
  const message = `${name} is now reached at ${node.spec.clientHost}:${node.spec.clientPort}`;
  const object = viewRental(rental, (wanted) => (wanted === name ? node : undefined));
  const about = { at, rentalId: rental.id, node: name, tenant: rental.tenant };
  return { type: 'rental.status', ...about, reason: 'InventoryApplied', message, object };
}

/** No event when the fleet already matches the file. */
export function describeAnswer(answer: InventoryAnswer, at: Date): NewEvent[] {
  const about = { at, rentalId: null, node: null, tenant: null, object: null };
  if (answer.kind === 'refused') {
    return [{ type: 'inventory.refused', ...about, reason: answer.reason, message: answer.message }];
  }
  const { added, changed, retiring } = answer;
  if (added.length + changed.length + retiring.length === 0) return [];
  const message = `${added.length} added, ${changed.length} changed, ${retiring.length} taken out`;
  return [{ type: 'inventory.applied', ...about, reason: 'InventoryApplied', message }];
}
