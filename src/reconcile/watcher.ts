import { createHealth, type Health, restart } from '../core/health/health.ts';
import { type BootMemory, NO_BOOT } from '../core/model/boot.ts';
import {
  countRepair,
  disturb,
  type InspectionMemory,
  NEW_INSPECTION_MEMORY,
} from '../core/model/inspection.ts';
import type { SeenFill } from '../core/model/listener-fill.ts';
import type { Node } from '../core/model/node.ts';
import type { ProbeDeps } from './probe-round.ts';
import { createProbes, type Probes, type Watch } from './probes.ts';
import { createWatchedNode, isElsewhere, type WatchedNode } from './watched-node.ts';

/** A leader that takes over inspects its nodes one after the other: a login costs far more than an echo. */
const FIRST_INSPECTION_MS = 50;

export interface Watcher extends Following {
  health(node: string): Health;
  /** What is known of its starts. */
  boot(node: string): BootMemory;
  /** What is known of the node's account files. */
  inspection(node: string): InspectionMemory;
  /** When an account last filled the node's listener, and which. */
  fill(node: string): SeenFill | null;
  /** Probes a node now rather than when it is due. */
  probeSoon(node: string): void;
  /** Resets the times of all nodes that are failing and probes them again. */
  confirmAnew(): void;
  /** Inspects a node with its next probe, and that now. */
  inspectSoon(node: string): void;
  /** Work on the node begins or ends, so what was seen of its files is old; `repair`: it reverts drift. */
  disturb(node: string, options?: { repair: boolean }): void;
  /** Names of nodes whose health or inspection changed since the last call. */
  takeChanged(): string[];
  /** When nodes were last probed, since the last call. */
  takeChecked(): { node: string; at: Date }[];
  stop(): Promise<void>;
}

interface Following {
  /** Begins to watch nodes that are new and forgets those that left. */
  follow(nodes: Node[]): void;
  /** The same for one of `together` nodes that changed at once; undefined: it left. */
  followNode(name: string, node: Node | undefined, together: number): void;
}

/** Probes every node at least every interval and keeps what this leader thinks of its health. */
export function createWatcher(deps: ProbeDeps): Watcher {
  const { prober, clock } = deps;
  const watch: Watch = { nodes: new Map(), changed: new Set(), checked: new Map() };
  const { nodes, changed, checked } = watch;
  const stopped = new AbortController();
  const probes = createProbes(deps, watch, stopped.signal);
  prober.onDropped(probes.soon);

  return {
    health: (node) => nodes.get(node)?.health ?? createHealth(clock.monotonicMs()),
    boot: (node) => nodes.get(node)?.boot ?? NO_BOOT,
    inspection: (node) => nodes.get(node)?.inspection ?? NEW_INSPECTION_MEMORY,
    fill: (node) => nodes.get(node)?.fill ?? null,
    ...createFollowing(deps, watch, probes),
    probeSoon: probes.soon,
    confirmAnew() {
      for (const entry of nodes.values()) {
        const health = restart(entry.health, clock.monotonicMs());
        if (health === entry.health) continue;
        entry.health = health;
        changed.add(entry.node.spec.name);
        if (!entry.probing) probes.schedule(entry);
      }
    },
    inspectSoon(node) {
      const entry = nodes.get(node);
      if (entry) entry.inspectAtMs = clock.monotonicMs();
      probes.soon(node);
    },
    disturb(node, { repair } = { repair: false }) {
      const entry = nodes.get(node);
      if (!entry) return;
      const nowMs = clock.monotonicMs();
      entry.inspection = disturb(entry.inspection, nowMs);
      changed.add(node);
      if (repair) entry.inspection = countRepair(entry.inspection, nowMs);
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
      for (const entry of nodes.values()) entry.cancel();
      nodes.clear();
      await prober.close();
    },
  };
}

/** Decides which nodes are watched. */
function createFollowing(
  { clock, prober, random, inspectIntervalMs }: ProbeDeps,
  { nodes, changed }: Watch,
  probes: Probes,
): Following {
  function forget(name: string): void {
    const entry = nodes.get(name);
    if (!entry) return;
    entry.cancel();
    nodes.delete(name);
    changed.add(name);
    prober.forget(name);
  }

  /** `together`: the number of nodes that begin to be watched at once, over which first inspections are spread. */
  function begin(node: Node, together: number): void {
    const nowMs = clock.monotonicMs();
    const spreadMs = Math.min(inspectIntervalMs, together * FIRST_INSPECTION_MS);
    const added = createWatchedNode(node, nowMs, nowMs + spreadMs * random());
    nodes.set(node.spec.name, added);
    changed.add(node.spec.name);
    probes.schedule(added);
  }

  function update(entry: WatchedNode, node: Node): void {
    const hasMoved = isElsewhere(entry.node, node);
    entry.node = node;
    if (!hasMoved) return;
    entry.inspection = disturb(entry.inspection, clock.monotonicMs());
    changed.add(node.spec.name);
    prober.forget(node.spec.name);
    probes.soon(node.spec.name);
  }

  function keep(node: Node, together: number): void {
    const known = nodes.get(node.spec.name);
    if (known) update(known, node);
    else begin(node, together);
  }

  return {
    follow(all) {
      const names = new Set(all.map(({ spec }) => spec.name));
      for (const name of [...nodes.keys()]) if (!names.has(name)) forget(name);
      for (const node of all) keep(node, all.length);
    },
    followNode(name, node, together) {
      if (node) keep(node, together);
      else forget(name);
    },
  };
}
