import { and, asc, inArray, isNotNull, lt, lte, notExists, sql } from 'drizzle-orm';
import type { Connection } from '../connection/pool.ts';
import { placements, rentals } from '../schema.ts';
import { events } from '../schema-history.ts';

/**
 * Deletes the oldest rentals that ended before this time, with their placements. A rental with an uncleaned
 * placement stays: its residue must still be removed, even if the node comes back only later.
 */
export async function purgeRentals({ db }: Connection, endedBefore: Date, limit: number): Promise<number> {
  const uncleaned = db
    .select({ epoch: placements.epoch })
    .from(placements)
    .where(and(sql`${placements.rentalId} = ${rentals.id}`, sql`${placements.cleanedAt} is null`));
  const rows = await db
    .select({ id: rentals.id })
    .from(rentals)
    .where(and(lt(rentals.endedAt, endedBefore), notExists(uncleaned)))
    .orderBy(asc(rentals.endedAt))
    .limit(limit);
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await db.delete(placements).where(inArray(placements.rentalId, ids));
  await db.delete(rentals).where(inArray(rentals.id, ids));
  return ids.length;
}

/**
 * Deletes those of the first `limit` events that are from before this time. Events are stored in order of
 * arrival, so this needs no index on the time and never scans the whole table.
 */
export async function purgeEvents({ db }: Connection, before: Date, limit: number): Promise<number> {
  // Queried first: inside the DELETE it was measured to make the database read the whole table.
  const oldest = await db.select({ id: events.id }).from(events).orderBy(asc(events.id)).limit(limit);
  const last = oldest.at(-1)?.id;
  if (last === undefined) return 0;
  const [result] = await db
    .delete(events)
    .where(and(lte(events.id, last), lt(events.at, before), isNotNull(events.seq)));
  return result.affectedRows;
}
