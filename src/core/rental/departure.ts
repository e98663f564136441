import type { Node } from '../model/node.ts';
import { isDeadState } from '../model/node-states.ts';
import type { Placement, Rental } from '../model/rental.ts';

/** An operator or the inventory wants the node empty. */
export function mustLeave(node: Node): boolean {
  return node.requests.draining || node.spec.retiring;
}

/** A node that is no longer listed counts as dead. */
export function isDead(node: Node | undefined): boolean {
  return node === undefined || isDeadState(node.record.state);
}

/** Why a client can't stay on the node; null when they can. */
export function whyLeave(node: Node | undefined): 'NodeDead' | 'NodeDrained' | null {
  if (node === undefined || isDead(node)) return 'NodeDead';
  return mustLeave(node) ? 'NodeDrained' : null;
}

/** The confirmed placement that a client has to leave, as long as none is prepared elsewhere; null: there is none. */
function leftPlacement({ placements }: Rental, nodeOf: (name: string) => Node | undefined): Placement | null {
  const live = placements.filter(({ endedAt }) => endedAt === null);
  const [serving] = live;
  if (!serving || live.length > 1 || serving.readyAt === null) return null;
  return whyLeave(nodeOf(serving.node)) ? serving : null;
}

/** The rental has no node, and is to get one. */
export function isWaiting({ placements, releaseRequestedAt }: Rental): boolean {
  return releaseRequestedAt === null && placements.every(({ endedAt }) => endedAt !== null);
}

/** The rental has to move, and no other node is being prepared for it yet. */
export function isLeaving(rental: Rental, nodeOf: (name: string) => Node | undefined): boolean {
  return leftPlacement(rental, nodeOf) !== null;
}

/**
 * Rentals that have to move, most urgent first: clients without access, the longest lost first, then clients
 * who only have to leave their node.
 */
export function orderDepartures(rentals: Rental[], nodeOf: (name: string) => Node | undefined): Rental[] {
  return rentals
    .flatMap((rental) => {
      const left = leftPlacement(rental, nodeOf);
      if (left === null) return [];
      // A rental that was only just lost has no `lostAt` yet.
      const lostAt = rental.record.lostAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
      return [{ rental, rank: isDead(nodeOf(left.node)) ? lostAt : Number.POSITIVE_INFINITY }];
    })
    .sort((a, b) => compare(a.rank, b.rank) || compare(a.rental.id, b.rental.id))
    .map(({ rental }) => rental);
}

function compare<Value extends number | string>(a: Value, b: Value): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
