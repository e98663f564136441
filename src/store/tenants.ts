import { and, count, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import type { AnyMySqlColumn } from 'drizzle-orm/mysql-core';
import { takeRequest } from '../core/request-budget.ts';
import { NO_LIMITS, type TenantLimits } from '../core/tenant.ts';
import type { RequestBudget, Tenant } from '../core/tenant-ports.ts';
import type { Session } from './pool.ts';
import { rentals } from './schema.ts';
import { apiTokens, tenants } from './schema-access.ts';

const LIMITS = {
  maxRentals: tenants.maxRentals,
  maxTtlMs: tenants.maxTtlMs,
  requestsPerMinute: tenants.requestsPerMinute,
};

/** Of one, or of all. */
export async function listTenants({ db }: Session, name?: string): Promise<Tenant[]> {
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
  const names = new Set([...rows, ...counts, ...holders].map((row) => row.name));
  return [...names].sort().map((tenant) => {
    const { updatedAt = null, ...limits } = rows.find((row) => row.name === tenant) ?? {};
    const { maxRentals, maxTtlMs, requestsPerMinute } = { ...NO_LIMITS, ...limits };
    const open = counts.find((row) => row.name === tenant)?.rentals ?? 0;
    return { name: tenant, limits: { maxRentals, maxTtlMs, requestsPerMinute }, rentals: open, updatedAt };
  });
}

export async function loadLimits({ db }: Session, name: string): Promise<TenantLimits> {
  const [row] = await db.select(LIMITS).from(tenants).where(eq(tenants.name, name));
  return row ?? NO_LIMITS;
}

export async function upsertLimits(
  { db }: Session,
  name: string,
  limits: Partial<TenantLimits>,
  updatedAt: Date,
): Promise<void> {
  const set = { ...limits, updatedAt };
  await db
    .insert(tenants)
    .values({ name, ...set })
    .onDuplicateKeyUpdate({ set });
}

/**
 * To be called first in the transaction that adds a rental: from then on no other one adds one of this tenant. It
 * writes the row, for a cluster compares what was written, not what was locked. Null: there is no quota.
 */
export async function lockQuota({ db }: Session, name: string): Promise<number | null> {
  await db
    .update(tenants)
    .set({ rentalsMade: sql`${tenants.rentalsMade} + 1` as never })
    .where(and(eq(tenants.name, name), isNotNull(tenants.maxRentals)));
  const [row] = await db.select(LIMITS).from(tenants).where(eq(tenants.name, name));
  return row?.maxRentals ?? null;
}

export async function countOpenOf({ db }: Session, tenant: string): Promise<number> {
  const [row] = await db
    .select({ open: count() })
    .from(rentals)
    .where(and(eq(rentals.tenant, tenant), isNull(rentals.endedAt)));
  return row?.open ?? 0;
}

/** The bucket is one for all processes, so its time is the database's. In a transaction; a refusal writes nothing. */
export async function takeRequestOf({ db }: Session, name: string): Promise<RequestBudget | null> {
  const { requestsPerMinute, bucketTokens, bucketAt } = tenants;
  const sinceMs = sql<number | null>`timestampdiff(microsecond, ${bucketAt}, now(3)) / 1000`.mapWith(Number);
  const [row] = await db
    .select({ perMinute: requestsPerMinute, tokens: bucketTokens, sinceMs })
    .from(tenants)
    .where(and(eq(tenants.name, name), isNotNull(requestsPerMinute)))
    .for('update');
  if (!row || row.perMinute === null) return null;
  const bucket = row.tokens === null ? null : { tokens: row.tokens, sinceMs: row.sinceMs ?? 0 };
  const { tokens, ...budget } = takeRequest(bucket, row.perMinute);
  if (budget.isAllowed) {
    const set = { bucketTokens: tokens, bucketAt: sql`now(3)` };
    await db.update(tenants).set(set).where(eq(tenants.name, name));
  }
  return budget;
}
