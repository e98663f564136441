import type { StoredEvent } from '../../core/history/event.ts';
import { matchesFilter } from '../../core/history/event-filter.ts';
import type { ApiStore } from '../../core/ports/stores.ts';

/** The history as the API reads it, from the entries that have a number. */
export function createHistory(
  events: StoredEvent[],
): Pick<ApiStore, 'listEvents' | 'listRecentEvents' | 'lastEventSeq' | 'firstEventSeq'> {
  return {
    listEvents: async (tenant, filter) =>
      events
        .filter((event) => event.seq > filter.afterSeq && matchesFilter(event, tenant, filter))
        .slice(0, filter.limit),
    listRecentEvents: async (tenant, filter) =>
      events
        .filter((event) => event.seq < (filter.beforeSeq ?? Infinity) && matchesFilter(event, tenant, filter))
        .toReversed()
        .slice(0, filter.limit),
    // The oldest events may have been purged, so the number of events says nothing.
    lastEventSeq: async () => events.at(-1)?.seq ?? 0,
    firstEventSeq: async () => events[0]?.seq ?? 0,
  };
}
