import type { NewEvent } from '../history/event.ts';
import type { InventoryAnswer, InventoryState } from '../model/inventory.ts';
import type { NodeSpec } from '../model/node.ts';
import type { Leadership } from './leadership.ts';

/** An inventory file as it was read: what the fleet should be made of. */
interface WantedFleet {
  specs: NodeSpec[];
  /** SHA-256 of the file's text, in hex. */
  sha256: string;
}

export interface InventoryStore {
  /**
   * Makes the node specs equal to these: inserts, updates, and marks missing nodes as retiring (a retiring node that
   * is listed again is lent again). Writes an event for each change. Refuses to take out too much of the fleet at
   * once unless `force`. Under the fence, in parts, so that no renewal of leadership waits for all of a large fleet.
   * When the leader dies in between, the fleet is as far as it got, and the file does not count as applied.
   * `answering`: the request that this answers.
   */
  applyInventory(
    leadership: Leadership,
    wanted: WantedFleet & { force: boolean; answering: number | null },
    now: Date,
  ): Promise<InventoryAnswer | 'deposed'>;
  /** Records that the file was not applied, and why, with its event. Under the fence. */
  refuseInventory(
    leadership: Leadership,
    answer: InventoryAnswer & { kind: 'refused' },
    answering: number | null,
    now: Date,
  ): Promise<boolean>;
  /** Null until an inventory is applied or requested for the first time. */
  loadInventoryState(): Promise<InventoryState | null>;
  /** Asks the leader to read its inventory file again. Returns the number of the request. */
  requestInventory(
    request: { sha256: string | null; force: boolean; by: string },
    event?: NewEvent,
  ): Promise<number>;
}
