import pLimit from 'p-limit';
import { isOwnFault } from '../core/failure/own-fault.ts';
import { createHealth, type Health, isUnseenSince, judge, restart } from '../core/health/health.ts';
import { type BootMemory, NO_BOOT, rememberBoot } from '../core/model/boot.ts';
import {
  countRepair,
  disturb,
  type InspectionMemory,
  NEW_INSPECTION_MEMORY,
  rememberInspection,
} from '../core/model/inspection.ts';
import type { SeenFill } from '../core/model/listener-fill.ts';
import type { Node } from '../core/model/node.ts';
import type { Policy } from '../core/model/policy.ts';
import type { ProbeResult } from '../core/model/probe.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { Logger } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';
import type { NodeTarget, Prober } from '../core/ports/node-access.ts';

/** A leader that takes over inspects its nodes one after the other: a login costs far more than an echo. */
const FIRST_INSPECTION_MS = 50;
/** Probes under way at once; far more than can be slow together without the breaker opening. */
const MAX_PROBES = 256;

export interface Watcher {
  health(node: string): Health;
  /** What is known of its starts. */
  boot(node: string): BootMemory;
  /** What is known of the node's account files. */
  inspection(node: string): InspectionMemory;
  /** When an account last filled the node's listener, and which. */
  fill(node: string): SeenFill | null;
  /** Begins to watch nodes that are new and forgets those that left. */
  follow(nodes: Node[]): void;
  /** The same for one node; undefined: it left. */
  followNode(name: string, node: Node | undefined): void;
  /** Looks at a node now rather than when it is due. */
  probeSoon(node: string): void;
  /** Looks anew at all that are failing, with their times reset. */
  confirmAnew(): void;
  /** Inspects a node with its next probe, and that now. */
  inspectSoon(node: string): void;
  /** Work on the node begins or ends, so what was seen of its files is old; `repair`: it puts drift right. */
  disturb(node: string, options?: { repair: boolean }): void;
  /** Names of nodes whose health is another one since the last call. */
  takeChanged(): string[];
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
  /** How often a fresh login is made on a node and its account files are inspected. */
  inspectIntervalMs: number;
  /** Something about a node's health changed that a pass should look at. */
  onChange: (node: string) => void;
  /** A node could not be looked at for a fault of the control plane. */
  onOwnFault: (message: string) => void;
}

interface Watched {
  node: Node;
  health: Health;
  boot: BootMemory;
  /** Calls the next probe off. */
  cancel: () => void;
  probing: boolean;
  /** Asked for while a probe was running. */
  again: boolean;
  /** When a fresh login with an inspection is due; looked at only while the node is alive. */
  inspectAtMs: number;
  inspection: InspectionMemory;
  /** Why the last inspection told nothing, to say it once. */
  unreadable: string | null;
  fill: SeenFill | null;
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
  const changed = new Set<string>();
  const limit = pLimit(MAX_PROBES);
  const stopped = new AbortController();
  prober.onDropped((node) => probeSoon(node));

  function schedule(entry: Watched): void {
    entry.cancel();
    const { verdict, failures, nextProbeAtMs } = entry.health;
    const mayInspect = verdict === 'alive' && failures === 0;
    const dueAtMs = mayInspect ? Math.min(nextProbeAtMs, entry.inspectAtMs) : nextProbeAtMs;
    const delayMs = Math.max(dueAtMs - clock.monotonicMs(), 0);
    entry.cancel = clock.after(delayMs, () => void limit(() => probe(entry)));
  }

  async function probe(entry: Watched): Promise<void> {
    if (entry.probing || stopped.signal.aborted) return;
    const { name } = entry.node.spec;
    entry.probing = true;
    const { seenAt } = entry.boot;
    const { result, startedAtMs } = await look(entry);
    entry.probing = false;
    if (stopped.signal.aborted || watched.get(name) !== entry) return;
    const isOwn = !result.ok && isOwnFault(result.reason);
    if (isOwn) deps.onOwnFault(result.message);
    else checked.set(name, clock.now());
    const before = entry.health;
    const observation = { result, startedAtMs, endedAtMs: clock.monotonicMs() };
    deps.metrics.probed(result.ok ? 'Alive' : result.reason, observation.endedAtMs - startedAtMs);
    entry.health = judge(before, observation, deps.policy(), deps.random());
    changed.add(name);
    if (entry.again) entry.health = { ...entry.health, nextProbeAtMs: observation.endedAtMs };
    entry.again = false;
    if (result.filled) {
      entry.fill = { ...result.filled, at: clock.now() };
      // The account was shut out with it: the repair that lets it in again is the client's due.
      entry.inspectAtMs = 0;
    }
    // Whatever happened to it while it was away, however short: it may be another machine in the same place.
    if (before.failures > 0 && entry.health.failures === 0) entry.inspectAtMs = 0;
    schedule(entry);
    const isConfirmed = entry.health.failures >= Math.min(2, deps.policy().failures);
    if (isConfirmed && before.verdict !== 'dead') lookAround(entry);
    if (result.filled) deps.onChange(name);
    if (isNews(before, entry.health)) {
      const { verdict, failures, reason, message } = entry.health;
      if (before.failures > 0 !== failures > 0) entry.told.clear();
      const level = entry.told.has(`${verdict} ${reason}`) ? 'debug' : 'info';
      entry.told.add(`${verdict} ${reason}`);
      logger[level]({ node: name, verdict, failures, reason, detail: message }, 'node health changed');
    }
    if (isNews(before, entry.health) || entry.boot.seenAt !== seenAt) deps.onChange(name);
  }

  /**
   * With each failure that confirms another one everybody is looked at who was not since: when the node is judged dead
   * it is known whether it is alone. Otherwise a silence of all would show as one death after the other, each when its
   * node happens to be due.
   */
  function lookAround({ health: { confirmingSinceMs } }: Watched): void {
    for (const [name, { health, probing }] of watched) {
      if (!probing && isUnseenSince(health, confirmingSinceMs ?? 0)) probeSoon(name);
    }
  }

  /** The held connection first, so that it stays held however often fresh logins are asked for. */
  async function look(entry: Watched): Promise<{ result: ProbeResult; startedAtMs: number }> {
    const options = { timeoutMs: deps.policy().timeoutMs, signal: stopped.signal };
    const startedAtMs = clock.monotonicMs();
    const held = await prober.probe(targetOf(entry.node, entry.health), { depth: 'held', ...options });
    const freshAtMs = clock.monotonicMs();
    const isDue = entry.health.verdict === 'alive' && freshAtMs >= entry.inspectAtMs;
    if (held.ok) noteBoot(entry, held);
    if (!held.ok || !isDue || stopped.signal.aborted) return { result: held, startedAtMs };
    entry.inspectAtMs = freshAtMs + deps.inspectIntervalMs * (1 - 0.1 * deps.random());
    const fresh = await prober.probe(targetOf(entry.node, entry.health), { depth: 'fresh', ...options });
    if (fresh.ok && fresh.inspection) takeInspection(entry, fresh.inspection, freshAtMs);
    if (!fresh.ok && isOwnFault(fresh.reason)) {
      deps.onOwnFault(fresh.message);
      return { result: held, startedAtMs };
    }
    return { result: fresh, startedAtMs: freshAtMs };
  }

  function noteBoot(entry: Watched, { bootId = null }: ProbeResult & { ok: true }): void {
    const before = entry.boot;
    entry.boot = rememberBoot(before, bootId, clock.now());
    // It may be another machine in the same place, however short it was away.
    if (before.id !== null && entry.boot.seenAt !== before.seenAt) entry.inspectAtMs = 0;
  }

  function takeInspection(
    entry: Watched,
    inspection: NonNullable<(ProbeResult & { ok: true })['inspection']>,
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

  function probeSoon(name: string): void {
    const entry = watched.get(name);
    if (!entry) return;
    if (entry.probing) entry.again = true;
    else {
      entry.health = { ...entry.health, nextProbeAtMs: clock.monotonicMs() };
      schedule(entry);
    }
  }

  function forget(name: string): void {
    const entry = watched.get(name);
    if (!entry) return;
    entry.cancel();
    watched.delete(name);
    changed.add(name);
    prober.forget(name);
  }

  /** `together`: as many begin to be watched at once, so that their first inspections are spread. */
  function watch(node: Node, together: number): void {
    const { name } = node.spec;
    const known = watched.get(name);
    if (known) {
      const moved = isElsewhere(known.node, node);
      known.node = node;
      if (!moved) return;
      known.inspection = disturb(known.inspection, clock.monotonicMs());
      prober.forget(name);
      probeSoon(name);
      return;
    }
    const nowMs = clock.monotonicMs();
    const spreadMs = Math.min(deps.inspectIntervalMs, together * FIRST_INSPECTION_MS);
    const added: Watched = {
      node,
      health: createHealth(nowMs),
      boot: NO_BOOT,
      cancel: () => undefined,
      probing: false,
      again: false,
      inspectAtMs: nowMs + spreadMs * deps.random(),
      inspection: NEW_INSPECTION_MEMORY,
      unreadable: null,
      fill: null,
      told: new Set<string>(),
    };
    watched.set(name, added);
    changed.add(name);
    schedule(added);
  }

  return {
    health: (node) => watched.get(node)?.health ?? createHealth(clock.monotonicMs()),
    boot: (node) => watched.get(node)?.boot ?? NO_BOOT,
    inspection: (node) => watched.get(node)?.inspection ?? NEW_INSPECTION_MEMORY,
    fill: (node) => watched.get(node)?.fill ?? null,
    probeSoon,
    confirmAnew() {
      for (const entry of watched.values()) {
        const health = restart(entry.health, clock.monotonicMs());
        if (health === entry.health) continue;
        entry.health = health;
        changed.add(entry.node.spec.name);
        if (!entry.probing) schedule(entry);
      }
    },
    inspectSoon(node) {
      const entry = watched.get(node);
      if (entry) entry.inspectAtMs = clock.monotonicMs();
      probeSoon(node);
    },
    disturb(node, { repair } = { repair: false }) {
      const entry = watched.get(node);
      if (!entry) return;
      const nowMs = clock.monotonicMs();
      entry.inspection = disturb(entry.inspection, nowMs);
      if (repair) entry.inspection = countRepair(entry.inspection, nowMs);
    },
    follow(nodes) {
      const names = new Set(nodes.map(({ spec }) => spec.name));
      for (const name of [...watched.keys()]) if (!names.has(name)) forget(name);
      for (const node of nodes) watch(node, nodes.length);
    },
    followNode(name, node) {
      if (node) watch(node, 1);
      else forget(name);
    },
    takeChanged() {
      const taken = [...changed];
      changed.clear();
      return taken;
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
    before.isUnlooked !== after.isUnlooked ||
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
