import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredEvent } from '../core/event.ts';
import type { Logger } from '../core/ports.ts';
import type { ApiStore, StoredEventFilter } from '../core/store-ports.ts';
import type { SinkLimits } from './sse-sink.ts';
import { createStreamGate, type GateLimits, type StreamGate } from './stream-gate.ts';

/** How soon a watcher hears of a change. */
const POLL_MS = 100;
/** Events that are held for one watcher until it has taken them. */
const PAGE = 100;

export type WatchLimits = SinkLimits & GateLimits;
const LIMITS: WatchLimits = {
  maxBufferedBytes: 64 * 1024,
  stallMs: 20_000,
  streamsPerToken: 50,
  tokenCheckMs: 500,
};

/** Follows the history for everyone who watches, with one look at the database for all of them. */
export interface WatchHub extends StreamGate {
  readonly sinkLimits: SinkLimits;
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

export function createWatchHub(
  { store, logger }: { store: ApiStore; logger: Logger },
  changed: Partial<WatchLimits> = {},
): WatchHub {
  const limits = { ...LIMITS, ...changed };
  const closed = new AbortController();
  let newest = 0;
  let followers = 0;
  let waiting: (() => void)[] = [];
  let polling = false;

  /** Looks for news while anybody follows, and not otherwise. */
  async function poll(): Promise<void> {
    if (polling) return;
    polling = true;
    while (followers > 0 && !closed.signal.aborted) {
      const seq = await store.lastEventSeq().catch((error: unknown) => {
        logger.warn({ err: error }, 'the history could not be read');
        return newest;
      });
      if (seq > newest) {
        newest = seq;
        for (const wake of waiting.splice(0)) wake();
      }
      await sleep(POLL_MS, undefined, { signal: closed.signal }).catch(() => undefined);
    }
    polling = false;
  }

  function untilNews(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        waiting = waiting.filter((wake) => wake !== done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return resolve();
      waiting.push(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  return {
    ...createStreamGate({ store, logger }, limits),
    sinkLimits: limits,
    async *follow(tenant, filter, signal) {
      const ended = AbortSignal.any([signal, closed.signal]);
      let { afterSeq } = filter;
      followers++;
      void poll();
      try {
        while (!ended.aborted) {
          // Read before the events: whatever is numbered later wakes this follower again.
          const upTo = newest;
          const events = await store.listEvents(tenant, { ...filter, afterSeq, limit: PAGE });
          for (const event of events) {
            yield event;
            if (ended.aborted) return;
          }
          if (events.length === PAGE) {
            afterSeq = events.at(-1)?.seq ?? afterSeq;
            continue;
          }
          afterSeq = Math.max(afterSeq, upTo, events.at(-1)?.seq ?? 0);
          if (newest <= afterSeq) await untilNews(ended);
        }
      } finally {
        followers--;
      }
    },
    close: () => closed.abort(),
  };
}
