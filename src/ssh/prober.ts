import type { ListenerFill } from '../core/model/listener-fill.ts';
import type { ProbeResult } from '../core/model/probe.ts';
import type { Logger } from '../core/ports/log.ts';
import type { NodeTarget, Prober } from '../core/ports/node-access.ts';
import { checkBanner } from './banner-check.ts';
import { runNonceCommand } from './command.ts';
import { createControlKeys } from './control-key.ts';
import { withDeadline } from './deadline.ts';
import { Aborted, StepError } from './failure.ts';
import { createFirstKeys } from './first-keys.ts';
import { freeListener } from './free-listener.ts';
import { atStep, type DialMeans, dialAsControl, hold, isHeldFor } from './held.ts';
import { inspect } from './inspect.ts';
import type { KeptConnections } from './kept-connections.ts';
import { toFailedProbe } from './probe-result.ts';
import { createWatch, keep, letGo, stopWatch, type Watch } from './watches.ts';

export interface ProberOptions {
  logger: Logger;
  /** How often a held connection is checked; three silences in a row end it. */
  keepaliveMs: number;
  /** Returns the other node of the fleet that has this host key (`TYPE BASE64`). */
  hostKeyOwner?: (hostKey: string) => string | null;
  /** Held connections of an earlier prober, and later those of this one. Default: they end with the prober. */
  kept?: KeptConnections;
}

/** The held connection's share of a probe's time. A fresh dial gets the rest. */
const ECHO_SHARE = 0.4;

type ProbeOptions = Parameters<Prober['probe']>[1];

type Seen = Pick<ProbeResult & { ok: true }, 'hostKey' | 'bootId' | 'inspection'>;

interface Context extends DialMeans {
  keepaliveMs: number;
  logger: Logger;
  tellDropped: (node: string) => void;
}

export function createProber({
  logger,
  keepaliveMs,
  hostKeyOwner = () => null,
  kept,
}: ProberOptions): Prober {
  const watches = new Map<string, Watch>();
  const dropped = createDropped(logger);
  const firstKeys = createFirstKeys(hostKeyOwner);
  const { isForeign, ownerOf } = firstKeys;
  const controlKeys = createControlKeys();
  const context = { controlKeys, isForeign, keepaliveMs, logger, tellDropped: dropped.tell };
  let isClosed = false;

  async function probeOnce(target: NodeTarget, watch: Watch, options: ProbeOptions): Promise<ProbeResult> {
    const { depth, timeoutMs, signal } = options;
    const startedAtMs = performance.now();
    try {
      const seen = await withDeadline(timeoutMs, [signal, watch.stopped.signal], (deadline) =>
        depth === 'fresh'
          ? probeFresh(context, target, deadline)
          : probeHeld(context, target, watch, deadline, timeoutMs),
      );
      const { filled } = watch;
      watch.filled = null;
      const latencyMs = performance.now() - startedAtMs;
      return { ok: true, ...seen, latencyMs, ...(filled ? { filled } : {}) };
    } catch (error) {
      const failed = toFailedProbe(target, error, ownerOf);
      if (failed.ok || failed.reason !== 'ListenerDead' || watch.held === null) return failed;
      const onFill = (fill: ListenerFill) => {
        watch.filled = fill;
      };
      return freeListener(failed, watch.held, [signal, watch.stopped.signal], { logger, onFill });
    }
  }

  function begin({ name, hostKey }: NodeTarget): Watch {
    const watch = createWatch(name);
    watches.set(name, watch);
    // Without a known key, another node may have shown the same one since.
    const held = hostKey === null ? null : (kept?.take(name) ?? null);
    if (held) keep(watch, held, dropped.tell, logger);
    return watch;
  }

  return {
    async probe(target, options) {
      if (isClosed) return toFailedProbe(target, new Aborted('the prober is closed'), ownerOf);
      if (target.hostKey !== null) firstKeys.release(target.name);
      const watch = watches.get(target.name) ?? begin(target);
      const result = watch.running.then(() => probeOnce(target, watch, options));
      watch.running = result;
      return result;
    },
    onDropped: dropped.listen,
    forget(node) {
      const watch = watches.get(node);
      watches.delete(node);
      firstKeys.release(node);
      if (!watch) return;
      stopWatch(watch);
      letGo(watch);
    },
    async close() {
      isClosed = true;
      const all = [...watches.values()];
      watches.clear();
      for (const watch of all) stopWatch(watch);
      await Promise.all(all.map(({ running }) => running));
      for (const watch of all) {
        const { held } = watch;
        watch.held = null;
        if (held && kept) kept.put(watch.node, held);
        else held?.connection.destroy();
      }
    },
  };
}

/** Tells all who listen that a held connection dropped. */
function createDropped(logger: Logger) {
  const listeners: ((node: string) => void)[] = [];
  return {
    listen: (listener: (node: string) => void) => void listeners.push(listener),
    tell(node: string): void {
      for (const listener of listeners) {
        try {
          listener(node);
        } catch (error) {
          logger.error({ node, err: error }, 'a listener for dropped connections failed');
        }
      }
    },
  };
}

/** Checks the held connection's echo and the listener's banner at once. When in doubt, dials a new one. */
async function probeHeld(
  context: Context,
  target: NodeTarget,
  watch: Watch,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Seen> {
  if (watch.held && !isHeldFor(watch.held, target)) letGo(watch);
  const { held } = watch;
  if (held) {
    const banner = settle(checkBanner(target.host, target.port, signal));
    const echo = await settle(withDeadline(timeoutMs * ECHO_SHARE, [signal], held.echo));
    if (echo.ok) {
      const listener = await banner;
      if (!listener.ok) throw new StepError('listener', listener.error);
      return { hostKey: held.hostKey, bootId: held.bootId };
    }
    // A dropped or doubtful session alone is no failure of the node: a fresh dial decides.
    if (watch.held === held) letGo(watch);
    if (signal.aborted) throw new StepError('echo', echo.error);
  }
  // A dial that works has checked the listener, too.
  const fresh = await hold(target, context, context.keepaliveMs, signal);
  keep(watch, fresh, context.tellDropped, context.logger);
  return { hostKey: fresh.hostKey, bootId: fresh.bootId };
}

async function probeFresh(context: Context, target: NodeTarget, signal: AbortSignal): Promise<Seen> {
  const { connection, hostKey } = await dialAsControl(target, context, 0, signal);
  try {
    await atStep('command', runNonceCommand(connection, signal));
    // The node is alive by now, whatever the inspection finds.
    return { hostKey, inspection: await inspect(connection, target.user, signal) };
  } finally {
    connection.destroy();
  }
}

type Settled<T> = { ok: true; value: T } | { ok: false; error: unknown };

/** A promise that never rejects, so that it can be awaited later. */
function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  );
}
