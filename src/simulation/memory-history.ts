import type { StoredEvent } from '../core/event.ts';
import type { ApiStore, StoredEventFilter } from '../core/store-ports.ts';

/** The history as the API reads it, from the entries that have a number. */
export function createHistory(
  events: StoredEvent[],
): Pick<ApiStore, 'listEvents' | 'listRecentEvents' | 'lastEventSeq' | 'firstEventSeq'> {
  const matches = (event: StoredEvent, tenant: string | null, filter: StoredEventFilter) =>
    (tenant === null || event.tenant === tenant) &&
    (filter.rentalId === null || event.rentalId === filter.rentalId) &&
    (filter.node === null || event.node === filter.node) &&
    (filter.type === null || event.type === filter.type);
  return {
    listEvents: async (tenant, filter) =>
      events
        .filter((event) => event.seq > filter.afterSeq && matches(event, tenant, filter))
        .slice(0, filter.limit),
    listRecentEvents: async (tenant, filter) =>
      events
        .filter((event) => event.seq < (filter.beforeSeq ?? Infinity) && matches(event, tenant, filter))
        .toReversed()
        .slice(0, filter.limit),
    // Events may have been purged at the front, so their count tells nothing.
    lastEventSeq: async () => events.at(-1)?.seq ?? 0,
    firstEventSeq: async () => events[0]?.seq ?? 0,
  };
}
