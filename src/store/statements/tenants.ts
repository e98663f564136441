import { and, count, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import type { AnyMySqlColumn } from 'drizzle-orm/mysql-core';
import type { Tenant } from '../../core/ports/tenants.ts';
import { type RequestBudget, takeRequest as takeFrom } from '../../core/tenant/request-budget.ts';
import { DEFAULT_LIMITS, type TenantLimits } from '../../core/tenant/tenant.ts';
import type { Connection } from '../connection/pool.ts';
import { rentals } from '../schema.ts';
import { apiTokens, tenants } from '../schema-access.ts';

const LIMITS = {
  maxRentals: tenants.maxRentals,
  maxTtlMs: tenants.maxTtlMs,
  requestsPerMinute: tenants.requestsPerMinute,
  maxWaits: tenants.maxWaits,
  maxWatches: tenants.maxWatches,
};
const NAMES = Object.keys(LIMITS) as (keyof TenantLimits)[];

/** What a column holds for a limit that an operator has lifted; null means that it was never set. */
const LIFTED = 2_147_483_647;

function fromColumns(row: TenantLimits | undefined): TenantLimits {
  const limits = { ...DEFAULT_LIMITS };
  for (const name of NAMES) {
    const set = row?.[name] ?? null;
    if (set !== null) limits[name] = set === LIFTED ? null : set;
  }
  return limits;
}

function toColumns(limits: Partial<TenantLimits>): Partial<TenantLimits> {
  const columns: Partial<TenantLimits> = {};
  for (const name of NAMES) {
    const limit = limits[name];
    if (limit !== undefined) columns[name] = limit ?? (DEFAULT_LIMITS[name] === null ? null : LIFTED);
  }
  return columns;
}

/** One, or all. */
export async function listTenants({ db }: Connection, name?: string): Promise<Tenant[]> {
  const only = (column: AnyMySqlColumn) => (name === undefined ? undefined : eq(column, name));
  const rows = await db
    .select({ name: tenants.name, ...LIMITS, updatedAt: tenants.updatedAt })
    .from(tenants)
    .where(only(tenants.name));
  const counts = await db
    .select({ name: rentals.tenant, rentals: count() })
    .from(rentals)
    .where(and(isNull(rentals.endedAt), only(rentals.tenant)))
    .groupBy(rentals.tenant);
  const holders = await db
    .selectDistinct({ name: apiTokens.tenant })
    .from(apiTokens)
    .where(and(isNull(apiTokens.revokedAt), only(apiTokens.tenant)));
  const set = rows.filter(({ updatedAt }) => updatedAt !== null);
  const names = new Set([...set, ...counts, ...holders].map((row) => row.name));
  return [...names].sort().map((tenant) => {
    const row = rows.find((each) => each.name === tenant);
    const open = counts.find((row) => row.name === tenant)?.rentals ?? 0;
    return { name: tenant, limits: fromColumns(row), rentals: open, updatedAt: row?.updatedAt ?? null };
  });
}

export async function loadLimits({ db }: Connection, name: string): Promise<TenantLimits> {
  const [row] = await db.select(LIMITS).from(tenants).where(eq(tenants.name, name));
  return fromColumns(row);
}

export async function setLimits(
  { db }: Connection,
  name: string,
  limits: Partial<TenantLimits>,
  updatedAt: Date,
): Promise<void> {
  const set = { ...toColumns(limits), updatedAt };
  await db
    .insert(tenants)
    .values({ name, ...set })
    .onDuplicateKeyUpdate({ set });
}

/**
 * Call first in the transaction that adds a rental: from then on no other transaction adds one for this tenant.
 * It writes the row, because a cluster compares writes, not locks. Null: there is no quota.
 */
export async function lockQuota(connection: Connection, name: string): Promise<number | null> {
  await connection.db
    .insert(tenants)
    .values({ name, rentalsMade: 1 })
    .onDuplicateKeyUpdate({ set: { rentalsMade: sql`${tenants.rentalsMade} + 1` } });
  return (await loadLimits(connection, name)).maxRentals;
}

export async function countOpenRentals({ db }: Connection, tenant: string): Promise<number> {
  const [row] = await db
    .select({ open: count() })
    .from(rentals)
    .where(and(eq(rentals.tenant, tenant), isNull(rentals.endedAt)));
  return row?.open ?? 0;
}

/** All processes share the bucket, so its time is the database's. Call in a transaction; a refusal writes nothing. */
export async function takeRequest({ db }: Connection, name: string): Promise<RequestBudget | null> {
  const { requestsPerMinute, bucketTokens, bucketAt } = tenants;
  const sinceMs = sql<number | null>`timestampdiff(microsecond, ${bucketAt}, now(3)) / 1000`.mapWith(Number);
  const [row] = await db
    .select({ perMinute: requestsPerMinute, tokens: bucketTokens, sinceMs })
    .from(tenants)
    .where(and(eq(tenants.name, name), isNotNull(requestsPerMinute)))
    .for('update');
  if (!row || row.perMinute === null) return null;
  const bucket = row.tokens === null ? null : { tokens: row.tokens, sinceMs: row.sinceMs ?? 0 };
  const { tokens, ...budget } = takeFrom(bucket, row.perMinute);
  if (budget.isAllowed) {
    const set = { bucketTokens: tokens, bucketAt: sql`now(3)` };
    await db.update(tenants).set(set).where(eq(tenants.name, name));
  }
  return budget;
}
