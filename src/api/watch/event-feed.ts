import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredEvent } from '../../core/history/event.ts';
import { matchesFilter, type StoredEventFilter } from '../../core/history/event-filter.ts';
import type { Logger } from '../../core/ports/log.ts';
import type { ApiStore } from '../../core/ports/stores.ts';

/** How soon followers see a change. */
const POLL_MS = 100;
/** Events per read. */
const PAGE = 100;
/** How many of the newest events are held for all followers. One that is further behind reads for itself. */
const MOST_HELD = 1_000;

const ANY = { rentalId: null, node: null, type: null };

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
export function createEventFeed(
  store: Pick<ApiStore, 'listEvents' | 'lastEventSeq'>,
  logger: Logger,
): EventFeed {
  const closed = new AbortController();
  /**
   * All events after `heldAfter` up to `newest`, inclusive. Never changed in place: each follower has its own pace.
   */
  let held: StoredEvent[] = [];
  let heldAfter = Number.POSITIVE_INFINITY;
  let newest = 0;
  let followers = 0;
  let waiting = new Set<() => void>();
  let polling = false;

  function hold(events: StoredEvent[]): void {
    const all = [...held, ...events];
    const surplus = all.length - MOST_HELD;
    heldAfter = surplus > 0 ? (all[surplus - 1]?.seq ?? heldAfter) : heldAfter;
    held = surplus > 0 ? all.slice(surplus) : all;
    newest = held.at(-1)?.seq ?? newest;
  }

  /** Starts afresh: nobody has read what came since the last poll, so what was held then would leave a gap. */
  async function begin(): Promise<void> {
    newest = await store.lastEventSeq();
    heldAfter = newest;
    held = [];
    wakeAll();
  }

  function wakeAll(): void {
    const woken = waiting;
    waiting = new Set();
    for (const wake of woken) wake();
  }

  /** Returns true when there may be more at once. */
  async function read(): Promise<boolean> {
    const events = await store.listEvents(null, { ...ANY, afterSeq: newest, limit: PAGE });
    if (events.length === 0) return false;
    hold(events);
    wakeAll();
    return events.length === PAGE;
  }

  /** Reads new events only while somebody follows. */
  async function poll(): Promise<void> {
    if (polling) return;
    polling = true;
    let step: () => Promise<boolean> = async () => {
      await begin();
      step = read;
      return true;
    };
    while (followers > 0 && !closed.signal.aborted) {
      const hasMore = await step().catch((error: unknown) => {
        logger.warn({ err: error }, 'the history could not be read');
        return false;
      });
      if (!hasMore) await sleep(POLL_MS, undefined, { signal: closed.signal }).catch(() => undefined);
    }
    heldAfter = Number.POSITIVE_INFINITY;
    held = [];
    polling = false;
  }

  function untilNews(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return resolve();
      waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** The events that a follower has not seen, and the number up to which they are complete. */
  async function next(
    tenant: string | null,
    filter: StoredEventFilter,
    afterSeq: number,
  ): Promise<{ events: StoredEvent[]; upTo: number }> {
    // Read before the events: anything numbered later comes with the next read.
    const upTo = Math.max(afterSeq, newest);
    if (afterSeq >= heldAfter) {
      const start = held.findLastIndex(({ seq }) => seq <= afterSeq) + 1;
      return { events: held.slice(start).filter((event) => matchesFilter(event, tenant, filter)), upTo };
    }
    const events = await store.listEvents(tenant, { ...filter, afterSeq, limit: PAGE });
    const last = events.at(-1)?.seq ?? 0;
    return { events, upTo: events.length === PAGE ? last : Math.max(upTo, last) };
  }

  return {
    async *follow(tenant, filter, signal) {
      const ended = AbortSignal.any([signal, closed.signal]);
      let { afterSeq } = filter;
      followers++;
      void poll();
      try {
        while (!ended.aborted) {
          const { events, upTo } = await next(tenant, filter, afterSeq);
          for (const event of events) {
            yield event;
            if (ended.aborted) return;
          }
          const isCaughtUp = upTo === afterSeq;
          afterSeq = upTo;
          if (isCaughtUp && newest <= afterSeq) await untilNews(ended);
        }
      } finally {
        followers--;
      }
    },
    close: () => closed.abort(),
  };
}
