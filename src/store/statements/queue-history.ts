import { asc, desc, eq, isNotNull, isNull, max, min, or } from 'drizzle-orm';
import type { Service } from '../../core/ports/placements.ts';
import type { LeaseUse } from '../../core/scheduling/lease-use.ts';
import type { Connection } from '../connection/pool.ts';
import { placements, rentals } from '../schema.ts';

/** The most rows to read: both queries run at each full pass, and must never read a whole table. */
const PLACEMENTS = 2_000;
const RENTALS = 200;

export async function listServices({ db }: Connection): Promise<Service[]> {
  const { rentalId, node, startedAt, readyAt, endedAt, epoch } = placements;
  // Epochs grow with time, so the newest are found by the primary key.
  const newest = db
    .select({ rentalId, node, startedAt, readyAt, endedAt })
    .from(placements)
    .orderBy(desc(epoch))
    .limit(PLACEMENTS)
    .as('newest');
  const rows = await db
    .select({ tenant: rentals.tenant, node: newest.node, at: max(newest.startedAt) })
    .from(newest)
    .innerJoin(rentals, eq(rentals.id, newest.rentalId))
    .where(or(isNotNull(newest.readyAt), isNull(newest.endedAt)))
    .groupBy(rentals.tenant, newest.node)
    .orderBy(asc(rentals.tenant), asc(newest.node));
  return rows.flatMap(({ tenant, node, at }) => (at === null ? [] : [{ tenant, node, at }]));
}

export async function listLeaseUses({ db }: Connection): Promise<LeaseUse[]> {
  const { id, endedAt, expiresAt } = rentals;
  const last = db
    .select({ id, endedAt, expiresAt })
    .from(rentals)
    .where(isNotNull(endedAt))
    .orderBy(desc(endedAt))
    .limit(RENTALS)
    .as('last');
  const rows = await db
    .select({ began: min(placements.readyAt), ended: last.endedAt, end: last.expiresAt })
    .from(last)
    .innerJoin(placements, eq(placements.rentalId, last.id))
    .groupBy(last.id, last.endedAt, last.expiresAt)
    .orderBy(desc(last.endedAt));
  return rows.flatMap(({ began, ended, end }) => {
    if (!began || !ended || !end || end <= began) return [];
    // Two daemons' clocks may have written the two ends.
    return [
      Math.min(1, Math.max(0, (ended.getTime() - began.getTime()) / (end.getTime() - began.getTime()))),
    ];
  });
}
