import { isOwnFault } from '../core/failure/own-fault.ts';
import { rememberBoot } from '../core/model/boot.ts';
import { rememberInspection } from '../core/model/inspection.ts';
import type { Policy } from '../core/model/policy.ts';
import type { ProbeResult } from '../core/model/probe.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { Logger } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';
import type { Prober } from '../core/ports/node-access.ts';
import { targetOf, type WatchedNode } from './watched-node.ts';

export interface ProbeDeps {
  prober: Prober;
  clock: AlarmClock;
  random: () => number;
  logger: Logger;
  metrics: Metrics;
  policy: () => Policy['probe'];
  /** How often a fresh login is made on a node and its account files are inspected. */
  inspectIntervalMs: number;
  /** Something about a node changed that a pass should process. */
  onChange: (node: string) => void;
  /** A node could not be probed for a fault of the control plane. */
  onOwnFault: (message: string) => void;
}

/** The result that the node is judged by, and when that probe began. */
export type ProbeRound = (entry: WatchedNode) => Promise<{ result: ProbeResult; startedAtMs: number }>;

type GoodProbe = ProbeResult & { ok: true };

/**
 * Probes a node through the held connection and, when an inspection is due, with a fresh login after that. The held
 * one comes first, so that it stays held however often fresh logins are requested.
 */
export function createProbeRound(deps: ProbeDeps, stopped: AbortSignal): ProbeRound {
  const { prober, clock, logger } = deps;

  function noteBoot(entry: WatchedNode, { bootId = null }: GoodProbe): void {
    const before = entry.boot;
    entry.boot = rememberBoot(before, bootId, clock.now());
    // It may be another machine in the same place, however short it was away.
    if (before.id !== null && entry.boot.seenAt !== before.seenAt) entry.inspectAtMs = 0;
  }

  function noteInspection(
    entry: WatchedNode,
    inspection: NonNullable<GoodProbe['inspection']>,
    startedAtMs: number,
  ): void {
    const { name } = entry.node.spec;
    const unreadable = 'unreadable' in inspection ? inspection.unreadable : null;
    if (unreadable !== null && unreadable !== entry.unreadable) {
      logger.warn({ node: name, detail: unreadable }, 'the account files of the node could not be inspected');
    }
    entry.unreadable = unreadable;
    const before = entry.inspection;
    const seen = 'unreadable' in inspection ? null : inspection;
    entry.inspection = rememberInspection(before, seen, startedAtMs);
    if (entry.inspection !== before && seen) deps.onChange(name);
  }

  return async (entry) => {
    const options = { timeoutMs: deps.policy().timeoutMs, signal: stopped };
    const startedAtMs = clock.monotonicMs();
    const held = await prober.probe(targetOf(entry.node, entry.health), { depth: 'held', ...options });
    const freshAtMs = clock.monotonicMs();
    const isDue = entry.health.verdict === 'alive' && freshAtMs >= entry.inspectAtMs;
    if (held.ok) noteBoot(entry, held);
    if (!held.ok || !isDue || stopped.aborted) return { result: held, startedAtMs };
    entry.inspectAtMs = freshAtMs + deps.inspectIntervalMs * (1 - 0.1 * deps.random());
    const fresh = await prober.probe(targetOf(entry.node, entry.health), { depth: 'fresh', ...options });
    if (fresh.ok && fresh.inspection) noteInspection(entry, fresh.inspection, freshAtMs);
    if (!fresh.ok && isOwnFault(fresh.reason)) {
      deps.onOwnFault(fresh.message);
      return { result: held, startedAtMs };
    }
    return { result: fresh, startedAtMs: freshAtMs };
  };
}
