import type { Policy } from '../core/model/policy.ts';
import type { Logger } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';
import { createInventoryKeeper, type InventoryKeeperDeps } from '../reconcile/inventory-keeper.ts';
import type { LeaderSettings } from '../reconcile/leader.ts';
import type { Loop } from '../reconcile/loop.ts';
import { createOwnFaults } from '../reconcile/own-faults.ts';
import { type ReconcilerDeps, runReconciler } from '../reconcile/reconciler.ts';
import type { Chance } from './chance.ts';
import { createProcess, type Process } from './process.ts';
import { connect } from './simulated-database.ts';
import { createSimulatedPlaybooks } from './simulated-playbooks.ts';
import { createSimulatedAccess, createSimulatedProber } from './simulated-ssh.ts';
import type { InventoryFile, World } from './world.ts';

export interface DaemonSettings {
  lease: Omit<LeaderSettings, 'holder'>;
  policy: Policy;
  maxRuns: number;
  inventory: InventoryFile;
}

export interface Daemon {
  readonly process: Process;
  /** SIGTERM: an orderly shutdown. */
  end(): void;
  hasEnded(): boolean;
  /** Wakes the loop, as a write by the API on the same machine would. */
  wake(): void;
  /** For the end of a history: the runtime keeps whatever belongs to a signal for as long as it can be aborted. */
  discard(): void;
  /** SIGHUP. */
  readInventory(): void;
}

const ignore = () => undefined;
const NO_METRICS: Metrics = {
  eventsSaved: ignore,
  probed: ignore,
  workEnded: ignore,
  passEnded: ignore,
  leads: ignore,
  ownFaultIs: ignore,
  breakerIs: ignore,
  pausedIs: ignore,
  stepped: ignore,
  inventoryRead: ignore,
  webhookAttempted: ignore,
};

const NOT_SIMULATED = { metrics: NO_METRICS, onTurn: ignore, sender: null };

/** The reconciling half of the daemon as main.ts composes it, in a simulated world. */
export function startDaemon(
  world: World,
  name: string,
  settings: DaemonSettings,
  chance: Chance,
  start: { wallMs: number },
): Daemon {
  const bootMs = chance.between(0, 1_000_000);
  const process = createProcess(name, world.time, { wallMs: start.wallMs, bootMs });
  const store = connect(world, process, chance.fork('database'));
  const logger = createLogger(world, process);
  const stopped = new AbortController();
  const { signal } = stopped;
  const { clock } = process;
  const { policy, maxRuns, lease } = settings;
  let loop: Loop | null = null;

  const keeper = createInventoryKeeper({
    store,
    clock,
    logger,
    ...createFileReader(process, settings),
    onApplied: () => loop?.wake(),
    onRead: ignore,
  });
  const reconciling = runReconciler(
    {
      store,
      keeper,
      clock,
      logger,
      maxRuns,
      ...NOT_SIMULATED,
      ...createReach(world, process, chance),
      ownFaults: createOwnFaults({ clock, logger, metrics: NO_METRICS }),
      logScope: (_fields, work) => work(),
      lease: { ...lease, holder: name },
      policy: () => policy,
      inspectIntervalMs: 600_000,
      random: chance.fork('random').next,
    },
    (next) => {
      loop = next;
    },
    signal,
  );
  const hasEnded = watchEnd(world, name, [reconciling, keeper.compare(signal)]);
  return {
    process,
    end: () => process.deliver(() => stopped.abort()),
    hasEnded,
    wake: () => process.deliver(() => loop?.wake()),
    discard() {
      process.kill();
      stopped.abort();
    },
    readInventory: () => process.deliver(() => keeper.readAgain()),
  };
}

/** Reports a daemon that an error has ended. It should end only on request. */
function watchEnd(world: World, name: string, parts: Promise<unknown>[]): () => boolean {
  let hasEnded = false;
  Promise.all(parts).then(
    () => {
      hasEnded = true;
    },
    (error: unknown) => world.invariants.violate(`${name} died: ${describe(error)}`),
  );
  return () => hasEnded;
}

/** Reads the inventory file as it is when the process gets to it. */
function createFileReader(
  process: Process,
  { policy, inventory }: DaemonSettings,
): Pick<InventoryKeeperDeps, 'started' | 'read'> {
  const readFile = () => ({ policy, nodes: inventory.specs, sha256: String(inventory.version) });
  return {
    started: readFile(),
    read: () => process.call(async () => ({ ok: true, inventory: readFile() }), 'read'),
  };
}

/** What reaches the machines. */
function createReach(
  world: World,
  process: Process,
  chance: Chance,
): Pick<ReconcilerDeps, 'createProber' | 'access' | 'playbooks'> {
  const ssh = chance.fork('ssh');
  return {
    createProber: () => createSimulatedProber(world, process, ssh),
    access: createSimulatedAccess(world, process, ssh),
    playbooks: createSimulatedPlaybooks(world, process, chance.fork('playbooks')),
  };
}

function createLogger(world: World, process: Process): Logger {
  const write = (level: string) => (fields: object, message: string) => {
    // A bug that a safety net caught is still a bug.
    const { err } = fields as { err?: unknown };
    if (err instanceof TypeError || err instanceof RangeError || err instanceof ReferenceError) {
      world.invariants.violate(`${process.name}: ${message}: ${describe(err)}`);
    }
    if (message === 'breaker changed' && 'detail' in fields && String(fields.detail).includes('%')) {
      world.tally.count('breaker opened');
    }
    world.trace?.(`${process.name} ${level}: ${message} ${JSON.stringify(fields)}`);
  };
  return { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
