import type { Placement } from '../core/model/rental.ts';
import { isHeldBack } from '../core/rental/decide-pending.ts';
import { hasFailed } from '../core/scheduling/blame.ts';
import { matches } from '../core/scheduling/placement.ts';
import type { Books } from './books.ts';
import { toRental } from './memory/tables.ts';

/**
 * Within a tenant, no rental comes before an older one that also fits the node. The older one counts if it
 * waits and was decided before, so that the leader knew of it, and if nothing holds it back by the clock of the leader that made
 * the placement. An earlier leader may have had another clock.
 */
export function checkTurn({ tables, policy, violate, tally }: Books, placement: Placement): void {
  const { rentalId, node: name, startedAt } = placement;
  const served = tables.rentals.get(rentalId);
  const node = tables.nodes.get(name);
  if (!served || !node) return;
  const placed = [...tables.placements.values()];
  for (const other of tables.rentals.values()) {
    if (other.record.phase !== 'Pending' || other.record.observedGeneration === 0) continue;
    if (other.tenant !== served.tenant) tally.count('served while another tenant waited');
    if (other.id === rentalId || other.tenant !== served.tenant || other.createdAt >= served.createdAt)
      continue;
    if (other.releaseRequestedAt !== null || !matches(other.spec.selector, node)) continue;
    if (isHeldBack(toRental(tables, other), policy, startedAt)) continue;
    const own = placed.filter((placement) => placement.rentalId === other.id);
    if (own.some(({ endedAt }) => endedAt === null)) continue;
    // A node where its account could not be made is retried only after a pause.
    if (own.some((placement) => placement.node === name && hasFailed(placement))) continue;
    violate(`${rentalId} got ${name} before ${other.id}, which is older and of the same tenant`);
  }
}
