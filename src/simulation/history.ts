import { isDeepStrictEqual } from 'node:util';
import { createChance } from './chance.ts';
import { type Clients, createClients } from './clients.ts';
import { whyNotConverged } from './convergence.ts';
import { createDaemons, type Daemons } from './daemons.ts';
import { describeCommit } from './describe.ts';
import { createFaults, type Faults } from './faults.ts';
import { createInvariants } from './invariants.ts';
import { createMachine } from './machine.ts';
import { createMemoryStore } from './memory/store.ts';
import type { Commit, RentalRow } from './memory/tables.ts';
import { isFault, type Plan } from './plan.ts';
import { createTally } from './tally.ts';
import { createTime } from './time.ts';
import type { World } from './world.ts';

export interface HistoryResult {
  seed: number;
  /** The first broken promise; null: every promise was kept. */
  violation: string | null;
  /** Number of alarms of the simulated clock that went off. */
  steps: number;
  faults: number;
  simulatedMs: number;
  counts: Map<string, number>;
  /** Number of calls that change something and that the daemons made before the faults ended. */
  writes: number;
}

/** Long enough for everything once all faults are gone: a rental under which nodes died waits for an hour. */
const CONVERGE_WITHIN_MS = 4_200_000;
const LAST_ECHO_MS = 15_000;
const LOOK_EVERY_MS = 2_000;
/** How long nothing at all may change once everything has converged. */
const QUIET_MS = 35_000;

const LEASE = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

/** Runs one history from its beginning to its convergence, or to the first broken promise. */
export async function runHistory(
  plan: Plan,
  onTrace: ((line: string) => void) | null = null,
): Promise<HistoryResult> {
  const made = createWorld(plan, onTrace);
  const { world, clients, faults, saves, daemons } = made;
  const { time, invariants, tally, trace } = world;
  const runner = createRunner(world);

  for (const action of plan.actions) {
    time.after(action.atMs, () => {
      trace?.(`action ${JSON.stringify(action)}`);
      if (isFault(action)) faults.perform(action);
      else void clients.perform(action);
    });
  }
  const isWhole = await runner.runUntil(plan.endsAtMs);
  const writes = daemons.writes();
  if (isWhole) {
    trace?.('all faults end');
    faults.healAll();
    await clients.settle();
    if (await converge(made, runner)) {
      const before = saves();
      await runner.runUntil(time.nowMs() + QUIET_MS);
      if (saves() > before) invariants.violate('something was saved with nothing left to do');
    }
  }
  daemons.discard();
  return {
    seed: plan.seed,
    violation: invariants.violation(),
    steps: runner.steps(),
    faults: plan.actions.filter(isFault).length,
    simulatedMs: time.nowMs(),
    counts: tally.counts,
    writes,
  };
}

interface Runner {
  /** Runs what is due until then, one step at a time; false when a promise was broken. */
  runUntil(untilMs: number): Promise<boolean>;
  steps(): number;
}

function createRunner({ time, invariants }: World): Runner {
  let steps = 0;
  return {
    async runUntil(untilMs) {
      while (invariants.violation() === null && time.advance(untilMs)) {
        steps++;
        // Everything that follows from a step, down to the last JavaScript promise, comes before the next step. The
        // next-tick queue runs when no promise is left, and costs no turn of the event loop.
        await new Promise<void>((resolve) => process.nextTick(resolve));
      }
      return invariants.violation() === null;
    },
    steps: () => steps,
  };
}

/** Runs until everything has converged. False when a promise was broken, such as that this takes a bounded time. */
async function converge({ world, clients, faults, inventory }: Made, { runUntil }: Runner): Promise<boolean> {
  const { time, invariants, tally } = world;
  // Whatever was under way when the faults ended, such as a probe of a silent machine, ends first.
  const healedAtMs = time.nowMs();
  await runUntil(healedAtMs + LAST_ECHO_MS);
  const giveUpAtMs = time.nowMs() + CONVERGE_WITHIN_MS;
  while (await runUntil(time.nowMs() + LOOK_EVERY_MS)) {
    await clients.tend();
    faults.tend();
    const why = whyNotConverged(world, inventory.version);
    if (why === null) {
      if (time.nowMs() > healedAtMs + 600_000) tally.count('converged only after 10 minutes');
      return true;
    }
    if (time.nowMs() > giveUpAtMs) invariants.violate(`does not converge: ${why}`);
  }
  return false;
}

/** A client who stays longer than expected changes the estimates of those who wait, though nothing happened. */
function isNewEstimate({ changes }: Commit): boolean {
  const without = (row: unknown) => {
    const { record, ...rest } = row as RentalRow;
    return { ...rest, record: { ...record, queueEstimateAt: null, resourceVersion: 0 } };
  };
  return changes.every(
    ({ table, before, after }) =>
      table === 'rentals' && before && after && isDeepStrictEqual(without(before), without(after)),
  );
}

interface Made {
  world: World;
  clients: Clients;
  faults: Faults;
  inventory: { version: number };
  daemons: Daemons;
  /** Number of saves with events, not counting those that only changed queue estimates. */
  saves: () => number;
}

function createWorld(plan: Plan, onTrace: ((line: string) => void) | null): Made {
  const time = createTime();
  const trace =
    onTrace && ((line: string) => onTrace(`${(time.nowMs() / 1000).toFixed(3).padStart(9)} ${line}`));
  const chance = createChance(plan.seed, 'world');
  const tally = createTally();
  const machines = new Map(plan.specs.map(({ name }) => [name, createMachine(name)]));
  const downSince = new Map<string, number>();
  let saves = 0;
  const store = createMemoryStore({
    nowMs: time.nowMs,
    onCommit: (commit) => {
      trace?.(describeCommit(commit));
      if (commit.events.length > 0 && !isNewEstimate(commit)) saves++;
      invariants.checkCommit(commit);
    },
  });
  const { policy } = plan;
  const invariants = createInvariants({ tables: store.tables, machines, policy, time, tally, downSince });
  const world: World = {
    time,
    chance,
    machines,
    store,
    invariants,
    tally,
    trace,
    database: { isDown: false, isolated: new Set(), planned: [] },
    quirks: new Map(),
    onReset: new Set(),
    isolated: new Set(),
  };
  const inventory = { specs: plan.specs, version: 1 };
  const settings = { lease: LEASE, policy, maxRuns: 4, inventory };
  const daemons = createDaemons(world, plan.daemons, settings, chance.fork('daemons'));
  return {
    world,
    inventory,
    daemons,
    clients: createClients(world, chance.fork('clients'), daemons.wake),
    faults: createFaults(world, daemons, inventory, downSince),
    saves: () => saves,
  };
}
