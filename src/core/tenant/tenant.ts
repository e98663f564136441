import type { Policy } from '../model/policy.ts';

/** What a tenant may have at most; null: no limit. */
export interface TenantLimits {
  /** Rentals that have not ended. */
  maxRentals: number | null;
  /** The longest lease that it may ask for. */
  maxTtlMs: number | null;
  requestsPerMinute: number | null;
  /** Of each token: `POST /api/rent` that wait, and watches that are open, at one process of the API. */
  maxWaits: number | null;
  maxWatches: number | null;
}

/**
 * What holds until an operator sets or lifts it: more than people and scripts need, and little enough that one tenant
 * neither takes a fleet nor slows the others down.
 */
export const DEFAULT_LIMITS: TenantLimits = {
  maxRentals: 100,
  maxTtlMs: null,
  requestsPerMinute: null,
  maxWaits: 20,
  maxWatches: 50,
};

/** How long a lease of this tenant is when nothing is said, and at most. Its own limit never widens the policy's. */
export function leaseOf({ lease }: Pick<Policy, 'lease'>, { maxTtlMs }: TenantLimits): Policy['lease'] {
  const maxMs = Math.min(lease.maxMs, maxTtlMs ?? lease.maxMs);
  return { ...lease, maxMs, defaultMs: Math.min(lease.defaultMs, maxMs) };
}
