import type { NewEvent } from '../../core/history/event.ts';
import type { Rental } from '../../core/model/rental.ts';
import type { TokenView } from '../../core/ports/stores.ts';
import type { Tenant, TenantStore } from '../../core/ports/tenants.ts';
import { takeRequest } from '../../core/tenant/request-budget.ts';
import { DEFAULT_LIMITS, type TenantLimits } from '../../core/tenant/tenant.ts';

interface Deps {
  rentals: ReadonlyMap<string, Rental>;
  tokens: ReadonlyMap<string, TokenView>;
  write: (event: NewEvent) => void;
  now: () => Date;
}

interface MemoryQuota {
  /** The tenant's limit and its rentals, if it may have no more, else null. Synchronous, as in a transaction. */
  findOverQuota(name: string): { maxRentals: number; rentals: number } | null;
}

/** Limits of tenants in memory, with the same guarantees as those in the database. */
export function createMemoryTenants({ rentals, tokens, write, now }: Deps): TenantStore & MemoryQuota {
  const rows = new Map<string, { limits: TenantLimits; updatedAt: Date }>();
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const openOf = (name: string) =>
    [...rentals.values()].filter(({ tenant, record }) => tenant === name && record.endedAt === null);

  const listTenants = async (): Promise<Tenant[]> => {
    const open = [...rentals.values()].filter(({ record }) => record.endedAt === null);
    const holders = [...tokens.values()].filter(({ revokedAt }) => revokedAt === null);
    const names = new Set([...rows.keys(), ...[...open, ...holders].map(({ tenant }) => tenant)]);
    return [...names].sort().map((name) => {
      const { limits = DEFAULT_LIMITS, updatedAt = null } = rows.get(name) ?? {};
      return { name, limits, rentals: openOf(name).length, updatedAt };
    });
  };
  return {
    findOverQuota(name) {
      const { maxRentals } = rows.get(name)?.limits ?? DEFAULT_LIMITS;
      const open = openOf(name).length;
      return maxRentals === null || open < maxRentals ? null : { maxRentals, rentals: open };
    },
    listTenants,
    findTenant: async (name) => (await listTenants()).find((tenant) => tenant.name === name) ?? null,
    loadLimits: async (name) => rows.get(name)?.limits ?? DEFAULT_LIMITS,
    async setLimits(name, limits, event) {
      const before = rows.get(name)?.limits ?? DEFAULT_LIMITS;
      rows.set(name, { limits: { ...before, ...limits }, updatedAt: event.at });
      write(event);
    },
    async takeRequest(name) {
      const perMinute = rows.get(name)?.limits.requestsPerMinute ?? null;
      if (perMinute === null) return null;
      const nowMs = now().getTime();
      const bucket = buckets.get(name);
      const before = bucket ? { tokens: bucket.tokens, sinceMs: nowMs - bucket.atMs } : null;
      const { tokens, ...budget } = takeRequest(before, perMinute);
      if (budget.isAllowed) buckets.set(name, { tokens, atMs: nowMs });
      return budget;
    },
  };
}
