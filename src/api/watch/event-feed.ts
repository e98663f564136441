import type { StoredEvent } from '../../core/history/event.ts';
import { matchesFilter, type StoredEventFilter } from '../../core/history/event-filter.ts';
import type { Logger } from '../../core/ports/log.ts';
import { createEventTail, type EventSource, PAGE } from './event-tail.ts';

/** The history as it grows. */
export interface EventFeed {
  /**
   * Yields the matching events after `afterSeq`, in order and without a gap, until the signal or `close`. A null
   * tenant sees the events of all tenants.
   */
  follow(
    tenant: string | null,
    filter: StoredEventFilter & { afterSeq: number },
    signal: AbortSignal,
  ): AsyncGenerator<StoredEvent>;
  /** Ends all followers, for instance at shutdown. */
  close(): void;
}

/** Reads each new event once and hands it to all followers, so thousands of them cost no more queries than one. */
export function createEventFeed(store: EventSource, logger: Logger): EventFeed {
  const closed = new AbortController();
  const tail = createEventTail(store, logger, closed.signal);
  let followers = 0;

  /** The events that a follower has not seen, and the number up to which they are complete. */
  async function next(
    tenant: string | null,
    filter: StoredEventFilter,
    afterSeq: number,
  ): Promise<{ events: StoredEvent[]; upTo: number }> {
    // Read before the events: anything numbered later comes with the next read.
    const upTo = Math.max(afterSeq, tail.newest());
    const held = tail.after(afterSeq);
    if (held) return { events: held.filter((event) => matchesFilter(event, tenant, filter)), upTo };
    const events = await store.listEvents(tenant, { ...filter, afterSeq, limit: PAGE });
    const last = events.at(-1)?.seq ?? 0;
    return { events, upTo: events.length === PAGE ? last : Math.max(upTo, last) };
  }

  return {
    async *follow(tenant, filter, signal) {
      const ended = AbortSignal.any([signal, closed.signal]);
      let { afterSeq } = filter;
      followers++;
      void tail.poll(() => followers > 0);
      try {
        while (!ended.aborted) {
          const { events, upTo } = await next(tenant, filter, afterSeq);
          for (const event of events) {
            yield event;
            if (ended.aborted) return;
          }
          const isCaughtUp = upTo === afterSeq;
          afterSeq = upTo;
          if (isCaughtUp && tail.newest() <= afterSeq) await tail.untilNews(ended);
        }
      } finally {
        followers--;
      }
    },
    close: () => closed.abort(),
  };
}
