import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredEvent } from '../../core/history/event.ts';
import type { Logger } from '../../core/ports/log.ts';
import type { ApiStore } from '../../core/ports/stores.ts';

/** How soon followers see a change. */
const POLL_MS = 100;
/** Events per read. */
export const PAGE = 100;
/** How many of the newest events are held. A follower that is further behind reads for itself. */
const MOST_HELD = 1_000;

const ANY_EVENT = { rentalId: null, node: null, type: null };

export type EventSource = Pick<ApiStore, 'listEvents' | 'lastEventSeq'>;

/** The newest events, held for all followers, so each is read once. */
interface EventTail {
  /** Reads new events for as long as somebody follows. Does nothing when it is under way already. */
  poll(isFollowed: () => boolean): Promise<void>;
  /** The number of the newest event that was read. */
  newest(): number;
  /** All events after this one up to `newest`; null: not all of them are held. */
  after(seq: number): StoredEvent[] | null;
  /** Resolves after the next read that found something, or at the signal. */
  untilNews(signal: AbortSignal): Promise<void>;
}

export function createEventTail(store: EventSource, logger: Logger, closed: AbortSignal): EventTail {
  /** All events after `heldAfter` up to `newest`, inclusive. Never changed in place: followers have their own pace. */
  let held: StoredEvent[] = [];
  let heldAfter = Number.POSITIVE_INFINITY;
  let newest = 0;
  let polling = false;
  const news = createBell();

  function hold(events: StoredEvent[]): void {
    const all = [...held, ...events];
    const surplus = all.length - MOST_HELD;
    heldAfter = surplus > 0 ? (all[surplus - 1]?.seq ?? heldAfter) : heldAfter;
    held = surplus > 0 ? all.slice(surplus) : all;
    newest = held.at(-1)?.seq ?? newest;
  }

  /** Starts afresh: nobody has read what came since the last poll, so what was held then would leave a gap. */
  async function begin(): Promise<true> {
    newest = await store.lastEventSeq();
    heldAfter = newest;
    held = [];
    news.ring();
    return true;
  }

  /** Returns whether there may be more at once. */
  async function read(): Promise<boolean> {
    const events = await store.listEvents(null, { ...ANY_EVENT, afterSeq: newest, limit: PAGE });
    if (events.length === 0) return false;
    hold(events);
    news.ring();
    return events.length === PAGE;
  }

  return {
    async poll(isFollowed) {
      if (polling) return;
      polling = true;
      let hasBegun = false;
      while (isFollowed() && !closed.aborted) {
        const hasMore: boolean = await (hasBegun ? read() : begin()).catch((error: unknown) => {
          logger.warn({ err: error }, 'the history could not be read');
          return false;
        });
        hasBegun ||= hasMore;
        if (!hasMore) await sleep(POLL_MS, undefined, { signal: closed }).catch(() => undefined);
      }
      heldAfter = Number.POSITIVE_INFINITY;
      held = [];
      polling = false;
    },
    newest: () => newest,
    after(seq) {
      if (seq < heldAfter) return null;
      return held.slice(held.findLastIndex((event) => event.seq <= seq) + 1);
    },
    untilNews: news.wait,
  };
}

/** Wakes all who wait. */
function createBell() {
  let waiting = new Set<() => void>();
  return {
    ring(): void {
      const woken = waiting;
      waiting = new Set();
      for (const wake of woken) wake();
    },
    wait(signal: AbortSignal): Promise<void> {
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
    },
  };
}
