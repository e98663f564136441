import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredEvent } from '../../core/history/event.ts';
import { matchesFilter, type StoredEventFilter } from '../../core/history/event-filter.ts';
import type { Logger } from '../../core/ports/ports.ts';
import type { ApiStore } from '../../core/ports/stores.ts';

/** How soon a follower hears of a change. */
const POLL_MS = 100;
/** Events of one read. */
const PAGE = 100;
/** The newest events that are held for all followers; one that is further behind reads for itself. */
const MOST_HELD = 1_000;

const ANY = { rentalId: null, node: null, type: null };

/** The history as it grows. */
export interface EventFeed {
  /**
   * The events after `afterSeq` that match, in order and without a gap, until the signal or `close`. A tenant of null
   * sees every tenant's.
   */
  follow(
    tenant: string | null,
    filter: StoredEventFilter & { afterSeq: number },
    signal: AbortSignal,
  ): AsyncGenerator<StoredEvent>;
  /** Ends all that follow, as when the process shuts down. */
  close(): void;
}

/** Reads each new event once and hands it to everyone who follows: the database is asked no more often for thousands. */
export function createEventFeed(
  store: Pick<ApiStore, 'listEvents' | 'lastEventSeq'>,
  logger: Logger,
): EventFeed {
  const closed = new AbortController();
  /** All events after `heldAfter`, up to and with `newest`. Never changed in place: followers go through it at their pace. */
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

  /** What was held by then is old: nobody has looked for what came since. */
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

  /** Gives back whether there may be more at once. */
  async function read(): Promise<boolean> {
    const events = await store.listEvents(null, { ...ANY, afterSeq: newest, limit: PAGE });
    if (events.length === 0) return false;
    hold(events);
    wakeAll();
    return events.length === PAGE;
  }

  /** Looks for news while anybody follows, and not otherwise. */
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

  /** What a follower has not seen yet, and up to where that is everything. */
  async function next(
    tenant: string | null,
    filter: StoredEventFilter,
    afterSeq: number,
  ): Promise<{ events: StoredEvent[]; upTo: number }> {
    // Read before the events: whatever is numbered later comes with the next ones.
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
