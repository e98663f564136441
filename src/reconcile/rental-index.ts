import type { Node } from '../core/model/node.ts';
import type { Rental } from '../core/model/rental.ts';
import { isLeaving, isWaiting } from '../core/rental/departure.ts';
import { hasMoved } from '../core/rental/move-turn.ts';
import { createGroups } from './groups.ts';

/**
 * The open rentals, indexed by what decisions ask for. Updated with each row that is added, changed or removed, so
 * that the cost of an answer depends on its own size and not on the fleet's.
 */
export interface RentalIndex {
  all(): Iterable<Rental>;
  get(id: string): Rental | undefined;
  /** Rentals without a node. */
  waiting(): Rental[];
  /** Rentals whose node is dead or to be emptied, with nothing prepared elsewhere yet. */
  leaving(): Rental[];
  /** Rentals with a move in their past or under way. */
  moved(): Rental[];
  /** Rentals with a placement on the node, live or ended. */
  placedOn(node: string): Rental[];
  /** How many machines the tenant has. */
  heldBy(tenant: string): number;
  put(rental: Rental): void;
  remove(id: string): void;
  /** From now on these are all open rentals. */
  replaceAll(rentals: Rental[]): void;
  /** Call when the node was added, changed or removed: its rentals may now have to leave it, or may stay. */
  noteNode(node: string): void;
}

export function createRentalIndex(nodeOf: (name: string) => Node | undefined): RentalIndex {
  const rentals = new Map<string, Rental>();
  const waiting = new Set<string>();
  const leaving = new Set<string>();
  const moved = new Set<string>();
  const placedOn = createGroups();
  const held = createGroups();
  const list = (ids: Iterable<string>) => [...ids].flatMap((id) => rentals.get(id) ?? []);
  const mark = (set: Set<string>, id: string, isMember: boolean) => {
    if (isMember) set.add(id);
    else set.delete(id);
  };

  function remove(id: string): void {
    const old = rentals.get(id);
    if (!old) return;
    rentals.delete(id);
    for (const set of [waiting, leaving, moved]) set.delete(id);
    for (const { node } of old.placements) placedOn.remove(node, id);
    held.remove(old.tenant, id);
  }

  function put(rental: Rental): void {
    const { id, tenant, placements } = rental;
    remove(id);
    rentals.set(id, rental);
    mark(waiting, id, isWaiting(rental));
    mark(leaving, id, isLeaving(rental, nodeOf));
    mark(moved, id, hasMoved(rental));
    for (const { node } of placements) placedOn.add(node, id);
    if (placements.some(({ endedAt }) => endedAt === null)) held.add(tenant, id);
  }

  return {
    all: () => rentals.values(),
    get: (id) => rentals.get(id),
    waiting: () => list(waiting),
    leaving: () => list(leaving),
    moved: () => list(moved),
    placedOn: (node) => list(placedOn.of(node)),
    heldBy: (tenant) => held.of(tenant).size,
    put,
    remove,
    replaceAll(open) {
      const ids = new Set(open.map(({ id }) => id));
      for (const id of [...rentals.keys()]) if (!ids.has(id)) remove(id);
      for (const rental of open) put(rental);
    },
    noteNode(node) {
      for (const rental of list(placedOn.of(node))) mark(leaving, rental.id, isLeaving(rental, nodeOf));
    },
  };
}
