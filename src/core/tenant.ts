import type { Policy } from './policy.ts';

/** What a tenant may have at most; null: no limit. */
export interface TenantLimits {
  /** Rentals that have not ended. */
  maxRentals: number | null;
  /** The longest lease that it may ask for. */
  maxTtlMs: number | null;
  requestsPerMinute: number | null;
}

export const NO_LIMITS: TenantLimits = { maxRentals: null, maxTtlMs: null, requestsPerMinute: null };

/** How long a lease of this tenant is when nothing is said, and at most. Its own limit never widens the policy's. */
export function leaseOf({ lease }: Pick<Policy, 'lease'>, { maxTtlMs }: TenantLimits): Policy['lease'] {
  const maxMs = Math.min(lease.maxMs, maxTtlMs ?? lease.maxMs);
  return { ...lease, maxMs, defaultMs: Math.min(lease.defaultMs, maxMs) };
}
