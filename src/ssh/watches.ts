import type { ListenerFill } from '../core/model/listener-fill.ts';
import type { Logger } from '../core/ports/log.ts';
import { Aborted } from './failure.ts';
import type { Held } from './held.ts';

/** A connection's end is reported only at this age, or a node that always hangs up would keep us busy. */
const MIN_NEWS_MS = 1_000;

/** What is kept for one node, from its first probe until it is forgotten. */
export interface Watch {
  readonly node: string;
  held: Held | null;
  /** Stops what runs for the node when it is forgotten. */
  readonly stopped: AbortController;
  /** The running probe: the next one waits for it. */
  running: Promise<unknown>;
  newsTimer: NodeJS.Timeout | null;
  /** What an account has done to the listener since the last probe; the next one reports it. */
  filled: ListenerFill | null;
}

export function createWatch(node: string): Watch {
  return {
    node,
    held: null,
    stopped: new AbortController(),
    running: Promise.resolve(),
    newsTimer: null,
    filled: null,
  };
}

/** Stops what runs for the node. The held connection stays. */
export function stopWatch(watch: Watch): void {
  watch.stopped.abort(new Aborted('the node is no longer watched'));
  if (watch.newsTimer) clearTimeout(watch.newsTimer);
}

/** Closes the held connection on purpose, without reporting it. */
export function letGo(watch: Watch): void {
  const { held } = watch;
  watch.held = null;
  held?.connection.destroy();
}

/** Keeps a connection. From here on its end is reported, unless it is let go. */
export function keep(watch: Watch, held: Held, onDropped: (node: string) => void, logger: Logger): void {
  // Forgotten while it was being dialled.
  if (watch.stopped.signal.aborted) {
    held.connection.destroy();
    return;
  }
  watch.held = held;
  const { ended } = held.connection;
  const onEnd = () => {
    if (watch.held !== held) return;
    watch.held = null;
    if (watch.stopped.signal.aborted) return;
    logger.debug({ node: watch.node, detail: String(ended.reason) }, 'held connection dropped');
    const waitMs = held.sinceMs + MIN_NEWS_MS - performance.now();
    if (watch.newsTimer) clearTimeout(watch.newsTimer);
    watch.newsTimer = setTimeout(() => onDropped(watch.node), Math.max(waitMs, 0));
  };
  ended.addEventListener('abort', onEnd, { once: true });
  if (ended.aborted) onEnd();
}
