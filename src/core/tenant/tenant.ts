import type { Policy } from '../model/policy.ts';

/** What a tenant may have at most; null: no limit. */
export interface TenantLimits {
  /** Rentals that have not ended. */
  maxRentals: number | null;
  /** The longest lease that it may ask for. */
  maxTtlMs: number | null;
  requestsPerMinute: number | null;
  /** Per token and API process: waiting `POST /api/rent` calls, and open watches. */
  maxWaits: number | null;
  maxWatches: number | null;
}

/**
 * In force until an operator sets or lifts them: more than people and scripts need, and low enough that one tenant
 * neither takes over a fleet nor slows the others down.
 */
export const DEFAULT_LIMITS: TenantLimits = {
  maxRentals: 100,
  maxTtlMs: null,
  requestsPerMinute: null,
  maxWaits: 20,
  maxWatches: 50,
};

/** The default and the longest lease of this tenant. Its own limit never widens the policy's. */
export function leaseOf({ lease }: Pick<Policy, 'lease'>, { maxTtlMs }: TenantLimits): Policy['lease'] {
  const maxMs = Math.min(lease.maxMs, maxTtlMs ?? lease.maxMs);
  return { ...lease, maxMs, defaultMs: Math.min(lease.defaultMs, maxMs) };
}
