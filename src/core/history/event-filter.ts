import type { StoredEvent } from './event.ts';

/** Selects events; null means any. */
export interface StoredEventFilter {
  rentalId: string | null;
  node: string | null;
  type: string | null;
}

/**
 * May this tenant (null: all tenants) see the event, and does it match? The database's queries decide the same way.
 */
export function matchesFilter(event: StoredEvent, tenant: string | null, filter: StoredEventFilter): boolean {
  return (
    (tenant === null || event.tenant === tenant) &&
    (filter.rentalId === null || event.rentalId === filter.rentalId) &&
    (filter.node === null || event.node === filter.node) &&
    (filter.type === null || event.type === filter.type)
  );
}
