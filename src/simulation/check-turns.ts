import { hasFailed } from '../core/blame.ts';
import { matches } from '../core/placement.ts';
import type { Placement } from '../core/rental.ts';
import type { Books } from './books.ts';

/**
 * Within a tenant nobody comes before an older rental that the node would have done for as well: one that was told its
 * place, so that the leader knew of it and nothing held it back.
 */
export function checkTurn({ tables, violate, tally }: Books, { rentalId, node: name }: Placement): void {
  const served = tables.rentals.get(rentalId);
  const node = tables.nodes.get(name);
  if (!served || !node) return;
  const placed = [...tables.placements.values()];
  for (const other of tables.rentals.values()) {
    if (other.record.queuePosition === null || other.record.endedAt !== null) continue;
    if (other.tenant !== served.tenant) tally.count('served while another tenant waited');
    if (other.id === rentalId || other.tenant !== served.tenant || other.createdAt >= served.createdAt)
      continue;
    if (other.releaseRequestedAt !== null || !matches(other.spec.selector, node)) continue;
    const own = placed.filter((placement) => placement.rentalId === other.id);
    if (own.some(({ endedAt }) => endedAt === null)) continue;
    // Where its account could not be made it is tried again only after a pause.
    if (own.some((placement) => placement.node === name && hasFailed(placement))) continue;
    violate(`${rentalId} got ${name} before ${other.id}, which is older and of the same tenant`);
  }
}
