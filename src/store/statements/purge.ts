import { and, asc, inArray, isNotNull, lt, lte, notExists, sql } from 'drizzle-orm';
import type { Connection } from '../connection/pool.ts';
import { events, placements, rentals } from '../schema.ts';

/**
 * The oldest rentals that ended before this time, with their placements. One whose placement was not cleaned stays:
 * what it left on a node is still to be removed there, also when the node comes back only later.
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
 * Events of before this time among the first `limit` that are there. They lie in the order in which they came, so
 * there is no need for an index on the time, nor ever for a look at the whole table.
 */
export async function purgeEvents({ db }: Connection, before: Date, limit: number): Promise<number> {
  // Asked for first: inside of the DELETE it was measured to make the database read the whole table.
  const oldest = await db.select({ id: events.id }).from(events).orderBy(asc(events.id)).limit(limit);
  const last = oldest.at(-1)?.id;
  if (last === undefined) return 0;
  const [result] = await db
    .delete(events)
    .where(and(lte(events.id, last), lt(events.at, before), isNotNull(events.seq)));
  return result.affectedRows;
}
