import type { Tenant, TenantStore } from '../../core/ports/tenants.ts';
import { takeRequest } from '../../core/tenant/request-budget.ts';
import { NEW_TENANT, type RentalRow, type Tables } from './tables.ts';
import { type MemoryDeps, write } from './transaction.ts';

export function createMemoryTenants(deps: MemoryDeps): TenantStore {
  const { tables, nowMs } = deps;
  const { tenants } = tables;
  const rowOf = (name: string) => tenants.get(name) ?? NEW_TENANT;
  const listTenants = async (): Promise<Tenant[]> => {
    const set = [...tenants].flatMap(([name, { updatedAt }]) => (updatedAt === null ? [] : [name]));
    const open = [...tables.rentals.values()].filter(({ record }) => record.endedAt === null);
    const holders = [...tables.tokens.values()].filter(({ revokedAt }) => revokedAt === null);
    const names = new Set([...set, ...[...open, ...holders].map(({ tenant }) => tenant)]);
    return [...names].sort().map((name) => {
      const { limits, updatedAt } = rowOf(name);
      return { name, limits, rentals: listOpenOf(tables, name).length, updatedAt };
    });
  };
  return {
    listTenants,
    loadTenant: async (name) => (await listTenants()).find((tenant) => tenant.name === name) ?? null,
    loadLimits: async (name) => rowOf(name).limits,
    async setLimits(name, set, event) {
      const row = rowOf(name);
      write(deps, [event], () => {
        tenants.set(name, { ...row, limits: { ...row.limits, ...set }, updatedAt: event.at });
        return true;
      });
    },
    async takeRequest(name) {
      const row = rowOf(name);
      const perMinute = row.limits.requestsPerMinute;
      if (perMinute === null) return null;
      const { bucket } = row;
      const before = bucket && { tokens: bucket.tokens, sinceMs: nowMs() - bucket.atMs };
      const { tokens, ...budget } = takeRequest(before, perMinute);
      if (budget.isAllowed) tenants.set(name, { ...row, bucket: { tokens, atMs: nowMs() } });
      return budget;
    },
  };
}

/** Rentals of a tenant that have not ended. */
export function listOpenOf({ rentals }: Tables, tenant: string): RentalRow[] {
  return [...rentals.values()].filter((row) => row.tenant === tenant && row.record.endedAt === null);
}
