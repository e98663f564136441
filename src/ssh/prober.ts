import type { Logger, NodeTarget, ProbeResult, Prober } from '../core/ports.ts';
import { checkBanner } from './banner-check.ts';
import { runNonceCommand } from './command.ts';
import { createControlKeys } from './control-key.ts';
import { withDeadline } from './deadline.ts';
import { Aborted, StepError } from './failure.ts';
import { atStep, dialAsControl, type Held, hold, isHeldFor } from './held.ts';
import { toFailedProbe } from './probe-result.ts';

export interface ProberOptions {
  logger: Logger;
  /** How often a held connection is asked whether it still stands; three silences in a row end it. */
  keepaliveMs: number;
  /** Which other node of the fleet has this host key (`TYPE BASE64`)? */
  hostKeyOwner?: (hostKey: string) => string | null;
}

/** The part of a probe's time that the held connection gets before a fresh dial has the rest. */
const ECHO_SHARE = 0.4;
/** A connection that drops sooner than this is news only then, or a node that always hangs up would keep us busy. */
const MIN_NEWS_MS = 1_000;

/** What is kept of one node, from its first probe until it is forgotten. */
interface Watch {
  held: Held | null;
  /** Ends what runs for the node when it is forgotten. */
  readonly stopped: AbortController;
  /** The probe that runs: the next one waits for it. */
  running: Promise<unknown>;
  newsTimer: NodeJS.Timeout | null;
}

export function createProber({ logger, keepaliveMs, hostKeyOwner = () => null }: ProberOptions): Prober {
  const watches = new Map<string, Watch>();
  const listeners: ((node: string) => void)[] = [];
  const controlKeys = createControlKeys();
  let isClosed = false;

  function ensureWatch(node: string): Watch {
    const watch = watches.get(node) ?? {
      held: null,
      stopped: new AbortController(),
      running: Promise.resolve(),
      newsTimer: null,
    };
    watches.set(node, watch);
    return watch;
  }

  function stop(watch: Watch): void {
    watch.stopped.abort(new Aborted('the node is no longer watched'));
    if (watch.newsTimer) clearTimeout(watch.newsTimer);
    letGo(watch);
  }

  /** Keeps the connection; from here on its end is news, unless it was let go. */
  function keep(node: string, watch: Watch, held: Held): void {
    if (watch.stopped.signal.aborted) {
      held.connection.destroy();
      return;
    }
    watch.held = held;
    const onEnd = () => {
      if (watch.held !== held) return;
      watch.held = null;
      logger.debug({ node, detail: String(held.connection.ended.reason) }, 'held connection dropped');
      const waitMs = held.sinceMs + MIN_NEWS_MS - performance.now();
      if (watch.newsTimer) clearTimeout(watch.newsTimer);
      watch.newsTimer = setTimeout(() => tellDropped(node), Math.max(waitMs, 0));
    };
    held.connection.ended.addEventListener('abort', onEnd, { once: true });
    if (held.connection.ended.aborted) onEnd();
  }

  function tellDropped(node: string): void {
    for (const listener of listeners) {
      try {
        listener(node);
      } catch (error) {
        logger.error({ node, err: error }, 'a listener for dropped connections failed');
      }
    }
  }

  async function probeHeld(target: NodeTarget, watch: Watch, signal: AbortSignal, timeoutMs: number) {
    if (watch.held && !isHeldFor(watch.held, target)) letGo(watch);
    const { held } = watch;
    if (held) {
      const banner = settle(checkBanner(target.host, target.port, signal));
      const echo = await settle(withDeadline(timeoutMs * ECHO_SHARE, [signal], held.echo));
      if (echo.ok) {
        const listener = await banner;
        if (!listener.ok) throw new StepError('listener', listener.error);
        return held.hostKey;
      }
      // A dropped or doubtful session alone is no failure of the node: a fresh dial decides.
      if (watch.held === held) letGo(watch);
      if (signal.aborted) throw new StepError('echo', echo.error);
    }
    const fresh = await hold(target, controlKeys, keepaliveMs, signal);
    keep(target.name, watch, fresh);
    return fresh.hostKey;
  }

  async function probeFresh(target: NodeTarget, signal: AbortSignal): Promise<string> {
    const { connection, hostKey } = await dialAsControl(target, controlKeys, 0, signal);
    try {
      await atStep('command', runNonceCommand(connection, signal));
      return hostKey;
    } finally {
      connection.destroy();
    }
  }

  async function probeOnce(
    target: NodeTarget,
    watch: Watch,
    { depth, timeoutMs, signal }: Parameters<Prober['probe']>[1],
  ): Promise<ProbeResult> {
    const startedAtMs = performance.now();
    try {
      const hostKey = await withDeadline(timeoutMs, [signal, watch.stopped.signal], (deadline) =>
        depth === 'fresh' ? probeFresh(target, deadline) : probeHeld(target, watch, deadline, timeoutMs),
      );
      return { ok: true, hostKey, latencyMs: performance.now() - startedAtMs };
    } catch (error) {
      return toFailedProbe(target, error, hostKeyOwner);
    }
  }

  return {
    probe(target, options) {
      if (isClosed)
        return Promise.resolve(toFailedProbe(target, new Aborted('the prober is closed'), hostKeyOwner));
      const watch = ensureWatch(target.name);
      const result = watch.running.then(() => probeOnce(target, watch, options));
      watch.running = result;
      return result;
    },
    onDropped(listener) {
      listeners.push(listener);
    },
    forget(node) {
      const watch = watches.get(node);
      watches.delete(node);
      if (watch) stop(watch);
    },
    async close() {
      isClosed = true;
      const all = [...watches.values()];
      watches.clear();
      for (const watch of all) stop(watch);
      await Promise.all(all.map(({ running }) => running));
    },
  };
}

/** Closes the held connection on purpose: no news. */
function letGo(watch: Watch): void {
  const { held } = watch;
  watch.held = null;
  held?.connection.destroy();
}

type Settled<T> = { ok: true; value: T } | { ok: false; error: unknown };

/** A promise that never rejects, so that it may be awaited later. */
function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  );
}
