import type { Logger } from '../../core/ports/log.ts';
import type { ApiStore } from '../../core/ports/stores.ts';
import { createEventFeed, type EventFeed } from './event-feed.ts';
import type { SinkLimits } from './sse-sink.ts';
import { createStreamGate, type GateLimits, type StreamGate } from './stream-gate.ts';

export type WatchLimits = SinkLimits & GateLimits;
const LIMITS: WatchLimits = {
  maxBufferedBytes: 64 * 1024,
  stallMs: 20_000,
  tokenCheckMs: 500,
};

type WatchedStore = Pick<ApiStore, 'listEvents' | 'lastEventSeq' | 'authenticate' | 'authenticateSession'>;

/** Admits watchers and sends them events. */
export interface WatchHub extends StreamGate, EventFeed {
  readonly sinkLimits: SinkLimits;
}

export function createWatchHub(
  { store, logger }: { store: WatchedStore; logger: Logger },
  changed: Partial<WatchLimits> = {},
): WatchHub {
  const limits = { ...LIMITS, ...changed };
  const gate = createStreamGate({ store, logger }, limits);
  return { ...gate, ...createEventFeed(store, logger), sinkLimits: limits };
}
