import pLimit from 'p-limit';
import { isOwnFault } from '../core/failure/own-fault.ts';
import { type Health, isUnseenSince } from '../core/health/health.ts';
import type { Logger } from '../core/ports/log.ts';
import { createProbeRound, type ProbeDeps } from './probe-round.ts';
import { applyProbe, dueAtMs, type WatchedNode } from './watched-node.ts';

/** Probes under way at once; far more than can be slow together without the breaker opening. */
const MAX_PROBES = 256;

/** What is watched, and what probes found since it was last taken. */
export interface Watch {
  nodes: Map<string, WatchedNode>;
  /** Nodes whose health or inspection changed. */
  changed: Set<string>;
  /** When nodes were last probed. */
  checked: Map<string, Date>;
}

export interface Probes {
  /** Plans the node's next probe in place of the one that is planned. */
  schedule(entry: WatchedNode): void;
  /** Probes a node now rather than when it is due. */
  soon(name: string): void;
}

/** One probe per node at a time, each with its own deadline, so a slow node delays nobody. */
export function createProbes(deps: ProbeDeps, watch: Watch, stopped: AbortSignal): Probes {
  const { clock } = deps;
  const { nodes, changed, checked } = watch;
  const limit = pLimit(MAX_PROBES);
  const runRound = createProbeRound(deps, stopped);

  function schedule(entry: WatchedNode): void {
    entry.cancel();
    const delayMs = Math.max(dueAtMs(entry) - clock.monotonicMs(), 0);
    entry.cancel = clock.after(delayMs, () => void limit(() => probe(entry)));
  }

  async function probe(entry: WatchedNode): Promise<void> {
    if (entry.probing || stopped.aborted) return;
    const { name } = entry.node.spec;
    entry.probing = true;
    const { seenAt } = entry.boot;
    const { result, startedAtMs } = await runRound(entry);
    entry.probing = false;
    if (stopped.aborted || nodes.get(name) !== entry) return;
    if (!result.ok && isOwnFault(result.reason)) deps.onOwnFault(result.message);
    else checked.set(name, clock.now());
    const endedAtMs = clock.monotonicMs();
    deps.metrics.probed(result.ok ? 'Alive' : result.reason, endedAtMs - startedAtMs);
    const before = entry.health;
    const circumstances = { policy: deps.policy(), jitter: deps.random(), at: clock.now() };
    applyProbe(entry, { result, startedAtMs, endedAtMs }, circumstances);
    changed.add(name);
    schedule(entry);
    const isConfirmed = entry.health.failures >= Math.min(2, deps.policy().failures);
    if (isConfirmed && before.verdict !== 'dead') probeUnseen(entry.health);
    const hasNews = isNews(before, entry.health);
    if (hasNews) logNews(deps.logger, entry, before);
    if (hasNews || result.filled || entry.boot.seenAt !== seenAt) deps.onChange(name);
  }

  /**
   * With each failure that confirms another one, every node is probed that was not probed since: when the node is
   * judged dead it is known whether it is alone. Otherwise a silence of all would show as one death after the other,
   * each when its node happens to be due.
   */
  function probeUnseen({ confirmingSinceMs }: Health): void {
    for (const [name, { health, probing }] of nodes) {
      if (!probing && isUnseenSince(health, confirmingSinceMs ?? 0)) soon(name);
    }
  }

  function soon(name: string): void {
    const entry = nodes.get(name);
    if (!entry) return;
    if (entry.probing) entry.again = true;
    else {
      entry.health = { ...entry.health, nextProbeAtMs: clock.monotonicMs() };
      schedule(entry);
    }
  }

  return { schedule, soon };
}

function isNews(before: Health, after: Health): boolean {
  return (
    before.verdict !== after.verdict ||
    before.failures > 0 !== after.failures > 0 ||
    before.isUnlooked !== after.isUnlooked ||
    before.reason !== after.reason ||
    before.hostKey !== after.hostKey
  );
}

function logNews(logger: Logger, { node, health, logged }: WatchedNode, before: Health): void {
  const { verdict, failures, reason, message } = health;
  if (before.failures > 0 !== failures > 0) logged.clear();
  const news = `${verdict} ${reason}`;
  const level = logged.has(news) ? 'debug' : 'info';
  logged.add(news);
  logger[level]({ node: node.spec.name, verdict, failures, reason, detail: message }, 'node health changed');
}
