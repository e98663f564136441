import { cpus } from 'node:os';
import type { Policy } from '../core/policy.ts';
import type { AccessQuery, Clock, Logger, PlaybookRunner, Prober } from '../core/ports.ts';
import type { Leadership, ReconcileStore } from '../core/store-ports.ts';
import { carryOut } from './carry-out.ts';
import type { Context } from './context.ts';
import { createDue } from './due.ts';
import { createFleet } from './fleet.ts';
import { createLoop, type Loop } from './loop.ts';
import { createRuns } from './runs.ts';
import { createWatcher, targetOf } from './watcher.ts';

export interface LeadDeps {
  store: ReconcileStore;
  /** A new one for each term: what was held belongs to the term. */
  createProber: () => Prober;
  access: AccessQuery;
  playbooks: PlaybookRunner;
  policy: () => Policy;
  /** Between fresh logins that inspect a node's account files. */
  inspectIntervalMs: number;
  clock: Clock;
  random: () => number;
  logger: Logger;
}

/** One term of leadership: puts the parts together, runs the loop until the signal, and stops everything. */
export async function lead(
  deps: LeadDeps,
  leadership: Leadership,
  onLoop: (loop: Loop | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const { store, policy, clock, random, logger, playbooks, access } = deps;
  const fleet = createFleet(store);
  let loop: Loop | null = null;
  const due = createDue(() => loop?.wake());
  const watcher = createWatcher({
    prober: deps.createProber(),
    clock,
    random,
    logger,
    policy: () => policy().probe,
    inspectIntervalMs: deps.inspectIntervalMs,
    onChange: (node) => due.markNode(node),
  });
  const runs = createRuns({
    carryOut: (name, work, fence, stop) => {
      const node = fleet.node(name);
      if (!node) return Promise.resolve({ kind: 'aborted' });
      return carryOut(work, targetOf(node, watcher.health(name)), fence, { playbooks, access, policy }, stop);
    },
    // Ansible is bound by the processor: more at once than this only makes each of them slower.
    concurrency: Math.min(policy().provision.concurrency, 2 * cpus().length),
    logger,
    onOutcome: (node) => {
      watcher.disturb(node);
      const run = runs.get(node);
      if (run?.outcome?.kind === 'failed') watcher.probeSoon(node);
      // Was it really put right, and did it stay so?
      if (run?.work.repair) watcher.inspectSoon(node);
      due.markNode(node);
    },
  });
  const start: Context['start'] = (node, work, fence) => {
    watcher.disturb(node, { repair: work.repair?.precaution === false });
    runs.start(node, work, fence);
  };
  loop = createLoop(
    (parts) => ({ ...parts, store, leadership, fleet, watcher, runs, policy, clock, random, logger, start }),
    due,
  );
  onLoop(loop);
  try {
    await loop.run(signal);
  } finally {
    onLoop(null);
    // Nothing may act once the lease may be another's.
    await Promise.all([watcher.stop(), runs.stop()]);
  }
}
