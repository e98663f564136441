import pLimit from 'p-limit';
import { createHealth, type Health, judge } from '../core/health.ts';
import type { Node } from '../core/node.ts';
import type { Policy } from '../core/policy.ts';
import type { AlarmClock, Logger, Metrics, NodeTarget, Prober } from '../core/ports.ts';

/** How often a fresh login is made on a node that shows no sign of trouble. */
const FRESH_INTERVAL_MS = 600_000;
/** Probes under way at once; far more than can be slow together without the breaker opening. */
const MAX_PROBES = 256;

export interface Watcher {
  health(node: string): Health;
  /** Begins to watch nodes that are new and forgets those that left. */
  follow(nodes: Node[]): void;
  /** Looks at a node now rather than when it is due. */
  probeSoon(node: string): void;
  /** When nodes were last probed, since the last call. */
  takeChecked(): { node: string; at: Date }[];
  stop(): Promise<void>;
}

export interface WatcherDeps {
  prober: Prober;
  clock: AlarmClock;
  random: () => number;
  logger: Logger;
  metrics: Metrics;
  policy: () => Policy['probe'];
  /** Something about a node's health changed that a pass should look at. */
  onChange: (node: string) => void;
}

interface Watched {
  node: Node;
  health: Health;
  /** Calls the next probe off. */
  cancel: () => void;
  probing: boolean;
  /** Asked for while a probe was running. */
  again: boolean;
  freshAtMs: number;
  /** What the log was told since the node last failed or answered; what takes turns is not told again. */
  told: Set<string>;
}

/**
 * Probes every node at least every interval and keeps what this leader thinks of its health. One probe per node
 * at a time, each with its own deadline, so a slow node delays nobody.
 */
export function createWatcher(deps: WatcherDeps): Watcher {
  const { prober, clock, logger } = deps;
  const watched = new Map<string, Watched>();
  const checked = new Map<string, Date>();
  const limit = pLimit(MAX_PROBES);
  const stopped = new AbortController();
  prober.onDropped((node) => probeSoon(node));

  function schedule(entry: Watched): void {
    entry.cancel();
    const delayMs = Math.max(entry.health.nextProbeAtMs - clock.monotonicMs(), 0);
    entry.cancel = clock.after(delayMs, () => void limit(() => probe(entry)));
  }

  async function probe(entry: Watched): Promise<void> {
    if (entry.probing || stopped.signal.aborted) return;
    const { name } = entry.node.spec;
    entry.probing = true;
    const startedAtMs = clock.monotonicMs();
    const isFresh = startedAtMs - entry.freshAtMs > FRESH_INTERVAL_MS;
    if (isFresh) entry.freshAtMs = startedAtMs;
    const result = await prober.probe(targetOf(entry.node, entry.health), {
      depth: isFresh ? 'fresh' : 'held',
      timeoutMs: deps.policy().timeoutMs,
      signal: stopped.signal,
    });
    entry.probing = false;
    if (stopped.signal.aborted || watched.get(name) !== entry) return;
    checked.set(name, clock.now());
    const before = entry.health;
    const observation = { result, startedAtMs, endedAtMs: clock.monotonicMs() };
    deps.metrics.probed(result.ok ? 'Alive' : result.reason, observation.endedAtMs - startedAtMs);
    entry.health = judge(before, observation, deps.policy(), deps.random());
    if (entry.again) entry.health = { ...entry.health, nextProbeAtMs: observation.endedAtMs };
    entry.again = false;
    schedule(entry);
    if (isNews(before, entry.health)) {
      const { verdict, failures, reason, message } = entry.health;
      if (before.failures > 0 !== failures > 0) entry.told.clear();
      const level = entry.told.has(`${verdict} ${reason}`) ? 'debug' : 'info';
      entry.told.add(`${verdict} ${reason}`);
      logger[level]({ node: name, verdict, failures, reason, detail: message }, 'node health changed');
      deps.onChange(name);
    }
  }

  function probeSoon(name: string): void {
    const entry = watched.get(name);
    if (!entry) return;
    if (entry.probing) entry.again = true;
    else {
      entry.health = { ...entry.health, nextProbeAtMs: clock.monotonicMs() };
      schedule(entry);
    }
  }

  return {
    health: (node) => watched.get(node)?.health ?? createHealth(clock.monotonicMs()),
    probeSoon,
    follow(nodes) {
      const names = new Set(nodes.map(({ spec }) => spec.name));
      for (const [name, entry] of watched) {
        if (names.has(name)) continue;
        entry.cancel();
        watched.delete(name);
        prober.forget(name);
      }
      for (const node of nodes) {
        const entry = watched.get(node.spec.name);
        if (entry) {
          const moved = isElsewhere(entry.node, node);
          entry.node = node;
          if (moved) {
            prober.forget(node.spec.name);
            probeSoon(node.spec.name);
          }
          continue;
        }
        const nowMs = clock.monotonicMs();
        const health = createHealth(nowMs);
        const fresh = {
          node,
          health,
          cancel: () => undefined,
          probing: false,
          again: false,
          freshAtMs: nowMs,
          told: new Set<string>(),
        };
        watched.set(node.spec.name, fresh);
        schedule(fresh);
      }
    },
    takeChecked() {
      const taken = [...checked].map(([node, at]) => ({ node, at }));
      checked.clear();
      return taken;
    },
    async stop() {
      stopped.abort();
      for (const entry of watched.values()) entry.cancel();
      watched.clear();
      await prober.close();
    },
  };
}

function isElsewhere(a: Node, b: Node): boolean {
  return (
    a.spec.host !== b.spec.host ||
    a.spec.port !== b.spec.port ||
    a.spec.user !== b.spec.user ||
    a.spec.privateKeyPath !== b.spec.privateKeyPath ||
    a.spec.pinnedHostKey !== b.spec.pinnedHostKey
  );
}

function isNews(before: Health, after: Health): boolean {
  return (
    before.verdict !== after.verdict ||
    before.failures > 0 !== after.failures > 0 ||
    before.reason !== after.reason ||
    before.hostKey !== after.hostKey
  );
}

/** How to dial a node: with the pinned key, or the recorded one, or the one seen first and not yet recorded. */
export function targetOf(node: Node, health: Health): NodeTarget {
  const { name, host, port, user, privateKeyPath, pinnedHostKey } = node.spec;
  const hostKey = pinnedHostKey ?? node.record.hostKey ?? health.hostKey;
  return { name, host, port, user, privateKeyPath, hostKey };
}
