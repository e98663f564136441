import type { Policy } from '../core/model/policy.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { MessageSender } from '../core/ports/deliveries.ts';
import type { Logger, LogScope } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';
import type { AccessQuery, Prober } from '../core/ports/node-access.ts';
import type { PlaybookRunner } from '../core/ports/playbooks.ts';
import type { ReconcileStore } from '../core/ports/stores.ts';
import { createAnnouncedConditions } from './announced-conditions.ts';
import { carryOut } from './carry-out.ts';
import type { Context } from './context.ts';
import { countSaves } from './counted-saves.ts';
import { createDue } from './due.ts';
import { createFleet } from './fleet.ts';
import type { Term } from './leader.ts';
import { createLoop, type Loop } from './loop.ts';
import type { OwnFaults } from './own-faults.ts';
import { createRuns } from './runs.ts';
import { createWatcher, targetOf } from './watcher.ts';

export interface LeadDeps {
  store: ReconcileStore;
  /** A new one for each term: what was held belongs to the term. It may ask which node has a host key. */
  createProber: (hostKeyOwner: (hostKey: string) => string | null) => Prober;
  access: AccessQuery;
  playbooks: PlaybookRunner;
  policy: () => Policy;
  /** Between fresh logins that inspect a node's account files. */
  inspectIntervalMs: number;
  clock: AlarmClock;
  random: () => number;
  logger: Logger;
  metrics: Metrics;
  /** After each pass, whatever came of it, and while another leads. */
  onTurn: () => void;
  logScope: LogScope;
  /** What this daemon lacks of its own. */
  ownFaults: OwnFaults;
  /** Null: nobody is told anything. */
  sender: MessageSender | null;
  /** Pieces of work of one kind at once, whatever the policy allows. */
  maxRuns: number;
}

/** One term of leadership: puts the parts together, runs the loop until the signal, and stops everything. */
export async function lead(
  deps: LeadDeps,
  { leadership, signal, mayAct }: Term,
  onLoop: (loop: Loop | null) => void,
): Promise<void> {
  const { policy, clock, random, logger, metrics, onTurn, playbooks, access } = deps;
  const store = countSaves(deps.store, metrics, () => deps.sender?.wake());
  const fleet = createFleet(store);
  let loop: Loop | null = null;
  const due = createDue(() => loop?.wake());
  const hostKeyOwner = (hostKey: string) =>
    [...fleet.nodes.all()].find((node) => targetOf(node, watcher.health(node.spec.name)).hostKey === hostKey)
      ?.spec.name ?? null;
  const watcher = createWatcher({
    prober: deps.createProber(hostKeyOwner),
    clock,
    random,
    logger,
    metrics,
    policy: () => policy().probe,
    inspectIntervalMs: deps.inspectIntervalMs,
    onChange(node) {
      due.markNode(node);
      const live = watcher.fill(node) && fleet.livePlacement(node);
      if (live) due.markRental(live.rentalId);
    },
    onOwnFault: deps.ownFaults.report,
  });
  const runs = createRuns({
    carryOut: (name, work, fence, stop) => {
      const node = fleet.nodes.get(name);
      if (!node) return Promise.resolve({ kind: 'aborted' });
      const tools = { playbooks, access, policy, mayAct };
      return carryOut(work, targetOf(node, watcher.health(name)), fence, tools, stop);
    },
    concurrency: Math.min(policy().provision.concurrency, deps.maxRuns),
    clock,
    logger,
    metrics,
    onOutcome: (node) => {
      watcher.disturb(node);
      const run = runs.get(node);
      if (run?.outcome?.kind === 'postponed') deps.ownFaults.report(run.outcome.message);
      const isFailed = run?.outcome?.kind === 'failed';
      if (isFailed) watcher.probeSoon(node);
      // Was it really put right, and did it stay so? What failed may have failed for what somebody changed.
      if (run?.work.repair || isFailed) watcher.inspectSoon(node);
      due.markNode(node);
    },
  });
  const start: Context['start'] = (node, work, fence) => {
    watcher.disturb(node, { repair: work.repair?.precaution === false });
    runs.start(node, work, fence);
  };
  const announced = createAnnouncedConditions();
  loop = createLoop(
    (parts) => ({
      ...parts,
      ...{
        store,
        leadership,
        fleet,
        watcher,
        runs,
        announced,
        policy,
        clock,
        random,
        logger,
        metrics,
        start,
      },
      ownFaults: deps.ownFaults,
    }),
    due,
    { onTurn, logScope: deps.logScope },
  );
  onLoop(loop);
  metrics.leads(true);
  try {
    await loop.run(signal);
  } finally {
    onLoop(null);
    metrics.leads(false);
    metrics.breakerIs(false);
    metrics.pausedIs(false);
    // Nothing may act once the lease may be another's.
    await Promise.all([watcher.stop(), runs.stop()]);
  }
}
