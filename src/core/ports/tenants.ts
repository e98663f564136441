import type { NewEvent } from '../history/event.ts';
import type { RequestBudget } from '../tenant/request-budget.ts';
import type { TenantLimits } from '../tenant/tenant.ts';

/** A tenant as operators see it: what it may have, and what it has. */
export interface Tenant {
  name: string;
  limits: TenantLimits;
  /** Rentals that have not ended, including waiting ones. */
  rentals: number;
  /** When its limits were last set; null: never. */
  updatedAt: Date | null;
}

/** Limits of tenants, shared by all API processes. */
export interface TenantStore {
  /** All tenants with limits, a rental that has not ended, or a token that is not revoked; sorted by name. */
  listTenants(): Promise<Tenant[]>;
  /** Null when it has none of these. */
  loadTenant(name: string): Promise<Tenant | null>;
  loadLimits(name: string): Promise<TenantLimits>;
  /** Sets the given limits, even for a tenant that is not known yet, and writes the event. */
  setLimits(name: string, limits: Partial<TenantLimits>, event: NewEvent): Promise<void>;
  /** Takes one request out of the tenant's budget. Null: its requests are not limited. */
  takeRequest(name: string): Promise<RequestBudget | null>;
}
