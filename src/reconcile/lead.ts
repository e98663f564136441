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
import { createDue, type Due } from './due.ts';
import { createFleet, type Fleet } from './fleet.ts';
import type { Term } from './leader.ts';
import { createLoop, type Loop } from './loop.ts';
import { createOutlook } from './outlook.ts';
import type { OwnFaults } from './own-faults.ts';
import { createRuns, type Runs } from './runs.ts';
import { targetOf } from './watched-node.ts';
import { createWatcher, type Watcher } from './watcher.ts';

export interface LeadDeps {
  store: ReconcileStore;
  /** A new one for each term, since each judges anew. It may ask which node has a host key. */
  createProber: (hostKeyOwner: (hostKey: string) => string | null) => Prober;
  access: AccessQuery;
  playbooks: PlaybookRunner;
  policy: () => Policy;
  /** Time between fresh logins that inspect a node's account files. */
  inspectIntervalMs: number;
  clock: AlarmClock;
  random: () => number;
  logger: Logger;
  metrics: Metrics;
  /** Called after each pass, even a failed one, and while another daemon leads. */
  onTurn: () => void;
  logScope: LogScope;
  /** What this daemon itself lacks. */
  ownFaults: OwnFaults;
  /** Null: no webhooks are called. */
  sender: MessageSender | null;
  /** Limit on concurrent work of one kind, even if the policy allows more. */
  maxRuns: number;
}

/** One term of leadership: puts the parts together, runs the loop until the signal, and stops everything. */
export async function lead(deps: LeadDeps, term: Term, onLoop: (loop: Loop | null) => void): Promise<void> {
  const { policy, clock, random, logger, metrics, ownFaults, onTurn, logScope } = deps;
  const { leadership } = term;
  const store = countSaves(deps.store, metrics, () => deps.sender?.wake());
  const fleet = createFleet(store);
  let loop: Loop | null = null;
  const due = createDue(() => loop?.wake());
  const watcher = watchFleet(deps, fleet, due);
  const runs = createFleetRuns(deps, term, { fleet, watcher, due });
  const start: Context['start'] = (node, work, fence) => {
    watcher.disturb(node, { repair: work.repair?.precaution === false });
    runs.start(node, work, fence);
  };
  const announced = createAnnouncedConditions();
  const outlook = createOutlook({ fleet, watcher, policy, clock });
  const parts = { store, leadership, fleet, watcher, outlook, runs, announced, ownFaults };
  const means = { policy, clock, random, logger, metrics, start };
  loop = createLoop((own) => ({ ...own, ...parts, ...means }), due, { onTurn, logScope });
  onLoop(loop);
  metrics.leads(true);
  try {
    await loop.run(term.signal);
  } finally {
    onLoop(null);
    metrics.leads(false);
    metrics.breakerIs(false);
    metrics.pausedIs(false);
    // Nothing may act once another daemon may be leading.
    await Promise.all([watcher.stop(), runs.stop()]);
  }
}

/** A change of a node's health makes the node due and, when its listener was filled, its rental. */
function watchFleet(deps: LeadDeps, fleet: Fleet, due: Due): Watcher {
  const { policy, clock, random, logger, metrics, inspectIntervalMs } = deps;
  const hostKeyOwner = (hostKey: string) =>
    [...fleet.nodes.all()].find((node) => targetOf(node, watcher.health(node.spec.name)).hostKey === hostKey)
      ?.spec.name ?? null;
  const watcher = createWatcher({
    clock,
    random,
    logger,
    metrics,
    inspectIntervalMs,
    prober: deps.createProber(hostKeyOwner),
    policy: () => policy().probe,
    onChange(node) {
      due.markNode(node);
      const live = watcher.fill(node) && fleet.livePlacement(node);
      if (live) due.markRental(live.rentalId);
    },
    onOwnFault: deps.ownFaults.report,
  });
  return watcher;
}

/** Work on the nodes of the fleet; its outcome makes the node due. */
function createFleetRuns(
  deps: LeadDeps,
  { mayAct }: Term,
  { fleet, watcher, due }: { fleet: Fleet; watcher: Watcher; due: Due },
): Runs {
  const { playbooks, access, policy, clock, logger, metrics } = deps;
  const runs = createRuns({
    clock,
    logger,
    metrics,
    carryOut: (name, work, fence, stop) => {
      const node = fleet.nodes.get(name);
      if (!node) return Promise.resolve({ kind: 'aborted' });
      const tools = { playbooks, access, policy, mayAct };
      return carryOut(work, targetOf(node, watcher.health(name)), fence, tools, stop);
    },
    concurrency: Math.min(policy().provision.concurrency, deps.maxRuns),
    onOutcome: (node) => {
      watcher.disturb(node);
      const run = runs.get(node);
      if (run?.outcome?.kind === 'postponed') deps.ownFaults.report(run.outcome.message);
      const isFailed = run?.outcome?.kind === 'failed';
      if (isFailed) watcher.probeSoon(node);
      // The inspection shows whether a repair worked and lasts. Failed work may be due to a change made by hand.
      if (run?.work.repair || isFailed) watcher.inspectSoon(node);
      due.markNode(node);
    },
  });
  return runs;
}
