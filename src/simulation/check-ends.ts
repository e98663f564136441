import type { Placement } from '../core/model/rental.ts';
import type { Books } from './books.ts';
import type { RentalRow } from './memory/tables.ts';

/**
 * Once its spec is observed, a lease lasts its ttl and hardly longer, and its end stays the same until its client
 * changes it. Convergence checks that each node has that end when all is calm.
 */
export function checkEnd({ tables, ends, violate }: Books, rental: RentalRow): void {
  const { record, generation, spec, renewedAt, id } = rental;
  if (record.expiresAt === null || record.observedGeneration !== generation) return;
  const first = [...tables.placements.values()].find((each) => each.rentalId === id && each.readyAt !== null);
  const leastMs = Math.max(first?.readyAt?.getTime() ?? 0, renewedAt?.getTime() ?? 0) + spec.ttlMs;
  const overMs = record.expiresAt.getTime() - leastMs;
  if (overMs < 0) violate(`the lease of ${id} ends ${-overMs} ms before its time`);
  if (overMs > Math.min(spec.ttlMs / 10, 60_000) + 1_000)
    violate(`the lease of ${id} ends ${overMs} ms late`);
  const known = ends.get(id);
  if (known?.generation === generation && known.endMs !== record.expiresAt.getTime())
    violate(`the end of the lease of ${id} moved, and nobody had asked for it`);
  ends.set(id, { generation, endMs: record.expiresAt.getTime() });
}

/** Counts how often the end that a node was given before access was confirmed could be kept. */
export function countTold({ tables, tally }: Books, before: Placement, after: Placement): void {
  const rental = tables.rentals.get(after.rentalId);
  if (rental === undefined || rental.renewedAt !== null || after.readyAt === null) return;
  const isTold = before.appliedExpiresAt?.getTime() !== after.appliedExpiresAt?.getTime();
  if (before.readyAt !== null && isTold) tally.count('node told the end again, since access took long');
  const leftMs = (after.appliedExpiresAt?.getTime() ?? 0) - after.readyAt.getTime();
  if (before.readyAt === null && leftMs >= rental.spec.ttlMs) tally.count('node told the end at once');
}
