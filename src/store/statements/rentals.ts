import {
  and,
  asc,
  count,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  notExists,
  or,
  type SQL,
  sql,
} from 'drizzle-orm';
import { type Rental, type RentalPhase, type RentalSpec, SPEC_DEFAULTS } from '../../core/model/rental.ts';
import { formatCursor, type Page, parseCursor, toPage } from '../../core/ports/page.ts';
import { type NewRental, newRentalRow } from '../../core/ports/rentals.ts';
import type { Save } from '../../core/ports/saves.ts';
import type { Connection } from '../connection/pool.ts';
import { placements, rentals } from '../schema.ts';
import { listPlacementsOfRentals } from './placements.ts';

type Row = typeof rentals.$inferSelect;

export async function listDirtyRentals({ db }: Connection): Promise<string[]> {
  const rows = await db
    .select({ id: rentals.id })
    .from(rentals)
    .where(eq(rentals.dirty, true))
    .orderBy(asc(rentals.createdAt), asc(rentals.id));
  return rows.map(({ id }) => id);
}

export async function listOpenRentals(connection: Connection): Promise<Rental[]> {
  return await selectRentals(connection, isNull(rentals.endedAt));
}

export async function countRentals({ db }: Connection): Promise<{ phase: RentalPhase; count: number }[]> {
  return await db
    .select({ phase: rentals.phase, count: count() })
    .from(rentals)
    .where(isNull(rentals.endedAt))
    .groupBy(rentals.phase);
}

export async function loadRental(connection: Connection, id: string): Promise<Rental | null> {
  return (await selectRentals(connection, eq(rentals.id, id)))[0] ?? null;
}

/**
 * An id also finds ended rentals; a name finds only a live one. Names are unique per tenant. If an administrator's
 * name fits several tenants' rentals, nothing is found, because a guess could release the wrong one.
 */
export async function findRental(
  connection: Connection,
  tenant: string | null,
  idOrName: string,
): Promise<Rental | null> {
  const match = or(eq(rentals.id, idOrName), eq(rentals.liveName, idOrName));
  const found = await selectRentals(connection, and(match, ...ofTenant(tenant)));
  return found.find(({ id }) => id === idOrName) ?? (found.length === 1 ? (found[0] ?? null) : null);
}

export async function findByIdempotencyKey(
  connection: Connection,
  tenant: string,
  key: string,
): Promise<{ rental: Rental; requestHash: string | null } | null> {
  const [row] = await connection.db
    .select({ id: rentals.id, requestHash: rentals.requestHash })
    .from(rentals)
    .where(and(eq(rentals.tenant, tenant), eq(rentals.idempotencyKey, key)));
  const rental = row ? await loadRental(connection, row.id) : null;
  return row && rental ? { rental, requestHash: row.requestHash } : null;
}

/** Oldest first. The cursor is the position of the last item, so rows that come and go shift nothing. */
export async function listRentals(
  connection: Connection,
  tenant: string | null,
  page: { limit: number; cursor: string | null; includeEnded: boolean },
): Promise<Page<Rental>> {
  const where = ofTenant(tenant);
  if (!page.includeEnded) where.push(isNull(rentals.endedAt));
  if (page.cursor !== null) {
    const { createdAt, id } = parseCursor(page.cursor);
    const later = or(
      gt(rentals.createdAt, createdAt),
      and(eq(rentals.createdAt, createdAt), gt(rentals.id, id)),
    );
    if (later) where.push(later);
  }
  return toPage(await selectRentals(connection, and(...where), page.limit + 1), page.limit, formatCursor);
}

/** Rejects with `duplicate` when the name or the key is taken. */
export async function createRental({ db }: Connection, rental: NewRental): Promise<void> {
  const { record, ...row } = newRentalRow(rental);
  await db.insert(rentals).values({ ...row, ...record });
}

export async function updateRentalSpec(
  { db }: Connection,
  id: string,
  expectedGeneration: number,
  spec: RentalSpec,
  renewedAt: Date | null,
): Promise<boolean> {
  const [result] = await db
    .update(rentals)
    .set({ spec, generation: expectedGeneration + 1, dirty: true, ...(renewedAt ? { renewedAt } : {}) })
    .where(and(eq(rentals.id, id), eq(rentals.generation, expectedGeneration), isNull(rentals.endedAt)));
  return result.affectedRows === 1;
}

export async function requestRelease({ db }: Connection, id: string, at: Date): Promise<boolean> {
  const [result] = await db
    .update(rentals)
    .set({ releaseRequestedAt: at, dirty: true })
    .where(and(eq(rentals.id, id), isNull(rentals.releaseRequestedAt), isNull(rentals.endedAt)));
  return result.affectedRows === 1;
}

/** The reconciler's columns. False when somebody else wrote them since they were loaded. */
export async function updateRentalRecord(
  { db }: Connection,
  change: NonNullable<Save['rentals']>[number],
): Promise<boolean> {
  const { resourceVersion, ...columns } = change.record;
  // What the API wrote after the reconciler's check stays marked dirty, so that it is processed. In a rental that
  // has ended there is nothing left to process.
  const hasEnded = columns.endedAt !== null;
  const seen = sql`${rentals.generation} = ${change.seenGeneration}
    and (${rentals.releaseRequestedAt} is not null) = ${change.seenReleaseRequested}`;
  const [result] = await db
    .update(rentals)
    .set({
      ...columns,
      resourceVersion: resourceVersion + 1,
      dirty: hasEnded ? false : sql`if(${seen}, false, ${rentals.dirty})`,
    })
    .where(and(eq(rentals.id, change.id), eq(rentals.resourceVersion, resourceVersion)));
  return result.affectedRows === 1;
}

/** False when it is not a rejected one. */
export async function discardRejected({ db }: Connection, id: string): Promise<boolean> {
  const ever = db.select({ epoch: placements.epoch }).from(placements).where(eq(placements.rentalId, id));
  const [result] = await db
    .delete(rentals)
    .where(and(eq(rentals.id, id), eq(rentals.phase, 'Failed'), isNotNull(rentals.endedAt), notExists(ever)));
  return result.affectedRows === 1;
}

function ofTenant(tenant: string | null): SQL[] {
  return tenant === null ? [] : [eq(rentals.tenant, tenant)];
}

async function selectRentals(
  connection: Connection,
  where: SQL | undefined,
  limit?: number,
): Promise<Rental[]> {
  const query = connection.db
    .select()
    .from(rentals)
    .where(where)
    .orderBy(asc(rentals.createdAt), asc(rentals.id));
  const rows = await (limit === undefined ? query : query.limit(limit));
  const placed = await listPlacementsOfRentals(
    connection,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...toRental(row), placements: placed.get(row.id) ?? [] }));
}

function toRental(row: Row): Omit<Rental, 'placements'> {
  const { id, tenant, name, account, generation, createdAt, renewedAt, releaseRequestedAt } = row;
  const { phase, observedGeneration, conditions, expiresAt, lostAt, endedAt } = row;
  const { queuePosition, queueEstimateAt, toldBeforeEndMs, listenerFill, resourceVersion } = row;
  // The row may be older than some fields of a spec.
  const spec = { ...SPEC_DEFAULTS, ...row.spec };
  const times = { createdAt, renewedAt, releaseRequestedAt };
  const ends = { expiresAt, queuePosition, queueEstimateAt, lostAt, toldBeforeEndMs, endedAt };
  return {
    id,
    tenant,
    name,
    account,
    generation,
    ...times,
    spec,
    record: { phase, observedGeneration, conditions, ...ends, listenerFill, resourceVersion },
  };
}

export async function listRentalNames({ db }: Connection, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: rentals.id, name: rentals.name })
    .from(rentals)
    .where(inArray(rentals.id, ids));
  return new Map(rows.map(({ id, name }) => [id, name]));
}
