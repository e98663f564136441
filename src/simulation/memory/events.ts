import type { StoredEvent } from '../../core/history/event.ts';
import { matchesFilter } from '../../core/history/event-filter.ts';
import type { EventStore } from '../../core/ports/events.ts';
import { readQosHistory } from './qos.ts';
import { type MemoryDeps, write } from './transaction.ts';

export function createMemoryEvents(deps: MemoryDeps): EventStore {
  const { events, nodes } = deps.tables;
  return {
    ...createHistory(events),
    loadQosHistory: async (asked) => readQosHistory(events, asked, nodes.values()),
    async isBreakerOpen() {
      const last = events.findLast(({ type }) => type.startsWith('pool.breaker_'));
      return last?.type === 'pool.breaker_opened';
    },
    async recordEvents(list) {
      write(deps, list, () => true);
    },
  };
}

/** The history as it is read, from the entries that have a number. */
export function createHistory(
  events: StoredEvent[],
): Pick<EventStore, 'listEvents' | 'listRecentEvents' | 'lastEventSeq' | 'firstEventSeq'> {
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
