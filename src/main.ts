import { cpus } from 'node:os';
import type { Config } from './config/config.ts';
import type { Listen } from './config/formats.ts';
import type { FleetIdentity } from './core/model/fleet-identity.ts';
import type { Inventory } from './core/model/inventory.ts';
import type { AlarmClock } from './core/ports/clock.ts';
import type { Logger } from './core/ports/log.ts';
import { claimInstance } from './daemon/instance.ts';
import { createLogger, logScope } from './daemon/log.ts';
import { createMetrics, type PrometheusMetrics } from './daemon/metrics.ts';
import { prepareDatabase } from './daemon/prepare-database.ts';
import { VERSION } from './daemon/version.ts';
import { createMessageSender, createSecretOf } from './daemon/webhooks.ts';
import { loadInventory, parseInventory } from './inventory/load.ts';
import { createInventoryKeeper, type InventoryKeeper } from './reconcile/inventory-keeper.ts';
import type { Loop } from './reconcile/loop.ts';
import { createOwnFaults, type OwnFaults } from './reconcile/own-faults.ts';
import { createPulse, type Pulse } from './reconcile/pulse.ts';
import { FleetIdentityError } from './secrets/fleet-identity-file.ts';
import { createFullDiskWatch } from './store/connection/full-disk.ts';
import { createPool, type PoolSettings } from './store/connection/pool.ts';
import { createLeadershipStore } from './store/leadership.ts';
import { createStore } from './store/store.ts';

const clock: AlarmClock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    // What follows later is not part of the pass or request that set the timer.
    const timer = setTimeout(() => logScope(null, callback), delayMs);
    return () => clearTimeout(timer);
  },
};

interface Parts {
  config: Config;
  stores: ReturnType<typeof createStores>;
  /** The inventory in force; a SIGHUP may replace it. */
  inventory: { current: Inventory };
  keeper: InventoryKeeper;
  logger: Logger;
  metrics: PrometheusMetrics;
  pulse: Pulse;
  ownFaults: OwnFaults;
  signal: AbortSignal;
}

/**
 * The daemon: configuration -> parts -> start -> signals. Resolves with the exit code after SIGTERM or SIGINT.
 * `only` leaves out the other half: `api` needs neither SSH key nor Ansible, `reconciler` serves no client.
 */
export async function serve(config: Config, options: { only?: 'api' | 'reconciler' } = {}): Promise<number> {
  const logger = createLogger(config.log);
  const loaded = await loadInventory(config.inventoryPath, config.inventoryEnv);
  if (!loaded.ok) {
    for (const problem of loaded.problems) process.stderr.write(`${problem}\n`);
    return 1;
  }
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  process.once('SIGTERM', stop).once('SIGINT', stop);

  const stores = createStores({ url: config.databaseUrl, onFailure: (error) => disk.notice(error) });
  const { pool } = stores;
  const { signal } = stopped;
  const metrics = createMetrics({ store: stores.api, logger });
  metrics.inventoryRead(true);
  const inventory = { current: loaded.inventory };
  let loop: Loop | null = null;
  const keeper = createInventoryKeeper({
    store: stores.loop,
    started: loaded.inventory,
    read: () => loadInventory(config.inventoryPath, config.inventoryEnv),
    clock,
    logger,
    onApplied: (applied) => {
      inventory.current = applied;
      loop?.wake();
    },
    onRead: metrics.inventoryRead,
  });
  const readAgain = () => keeper.readAgain();
  process.on('SIGHUP', readAgain);
  const pulse = createPulse(clock);
  const ownFaults = createOwnFaults({ clock, logger, metrics });
  const disk = createFullDiskWatch({ pool, faults: ownFaults, signal });
  const parts: Parts = { config, stores, inventory, keeper, logger, metrics, pulse, ownFaults, signal };
  const running: Promise<void>[] = [];
  try {
    // First, so that a daemon that waits for its database can be observed.
    if (config.metricsListen !== null) running.push((await serveMonitor(parts, config.metricsListen)).ended);
    const acts = options.only !== 'api';
    const fleet = await prepareDatabase(
      pool,
      {
        migrates: acts,
        firstToken: config.firstToken,
        now: clock.now,
        identityPath: acts ? config.fleetIdentityPath : null,
      },
      logger,
      signal,
    );
    running.push(keeper.compare(signal));
    if (options.only !== 'reconciler') running.push(serveApi(parts, () => loop?.wake()));
    if (fleet !== null) running.push(reconcile(parts, fleet, (next) => (loop = next)));
    // The first part that fails stops the others, each through its own cleanup.
    await Promise.all(running.map((part) => part.finally(stop)));
    return 0;
  } catch (error) {
    if (error instanceof FleetIdentityError) process.stderr.write(`${error.message}\n`);
    else logger.error({ err: error }, 'the daemon stops because of an error');
    return 1;
  } finally {
    stop();
    await Promise.allSettled(running);
    process.off('SIGHUP', readAgain);
    await stores.close();
  }
}

/**
 * Connections of their own, so that no request of a client holds up the loop, and neither of them a renewal of
 * leadership: each pool has its own queue.
 */
function createStores(settings: Pick<PoolSettings, 'url' | 'onFailure'>) {
  const [forClients, forLoop] = [createPool(settings), createPool(settings)];
  const forLeadership = createPool({ ...settings, connectionLimit: 2 });
  return {
    api: createStore(forClients),
    loop: { ...createStore(forLoop), ...createLeadershipStore(forLeadership) },
    /** The loop's, for what is no store. */
    pool: forLoop,
    close: () => Promise.all([forClients, forLoop, forLeadership].map((pool) => pool.close())),
  };
}

/** Resolves once it listens. `ended` resolves once the signal has closed it. */
async function serveMonitor(
  { stores, logger, metrics, pulse, ownFaults, signal }: Parts,
  listen: Listen,
): Promise<{ ended: Promise<void> }> {
  const [{ createMonitor }, { startServer }] = await Promise.all([
    import('./api/monitor.ts'),
    import('./api/server.ts'),
  ]);
  const app = createMonitor({
    store: stores.api,
    logger,
    logScope,
    metrics,
    version: VERSION,
    isShuttingDown: () => signal.aborted,
    isTurning: pulse.isBeating,
    ownFault: ownFaults.current,
  });
  const server = await startServer({ app, listen, logger });
  logger.info({ listen }, 'serving health and metrics');
  return { ended: untilAborted(signal).then(() => server.close()) };
}

async function serveApi(
  { config, stores, inventory, logger, metrics, pulse, ownFaults, signal }: Parts,
  wake: () => void,
): Promise<void> {
  const store = stores.api;
  // Loaded only where it runs: the process that faces clients needs no ssh2, and the other need not know the API.
  const [{ createApp }, { createRefusals }, { startServer }, { createWatchHub }] = await Promise.all([
    import('./api/app.ts'),
    import('./api/caller/refusals.ts'),
    import('./api/server.ts'),
    import('./api/watch/watch-hub.ts'),
  ]);
  const watch = createWatchHub({ store, logger });
  const refusals = createRefusals({ store, clock, logger });
  const app = createApp({
    store,
    clock,
    logger,
    logScope,
    get policy() {
      return inventory.current.policy;
    },
    parseInventory: (text, name) => parseInventory(text, name, config.inventoryEnv),
    wake,
    watch,
    refusals,
    trustedProxies: config.trustedProxies,
    webhooks: { allowed: config.webhooks.allowed, secretOf: createSecretOf(config) },
    version: VERSION,
    isShuttingDown: () => signal.aborted,
    isTurning: pulse.isBeating,
    ownFault: ownFaults.current,
    metrics,
  });
  const server = await startServer({ app, listen: config.listen, logger });
  logger.info({ listen: config.listen }, 'serving the API');
  await untilAborted(signal);
  // Watches have no end of their own and would hold the server until the drain is over.
  watch.close();
  await server.close();
  await refusals.close();
}

async function reconcile(
  { config, stores, inventory, keeper, logger, metrics, pulse, ownFaults, signal }: Parts,
  fleet: FleetIdentity,
  onLoop: (loop: Loop | null) => void,
): Promise<void> {
  const store = stores.loop;
  const [
    { createPlaybookRunner },
    { runReconciler },
    { createAccessQuery },
    { createProber },
    keeping,
    sender,
  ] = await Promise.all([
    import('./playbook/runner.ts'),
    import('./reconcile/reconciler.ts'),
    import('./ssh/access-query.ts'),
    import('./ssh/prober.ts'),
    import('./ssh/kept-connections.ts'),
    createMessageSender(config, { store, clock, logger, metrics }),
  ]);
  const instance = await claimInstance(config.home, config.instance);
  if (instance.isSecond)
    logger.warn(
      { instance: config.instance },
      'another daemon with this name runs here; set ORION_INSTANCE to tell them apart',
    );
  const playbooks = await createPlaybookRunner({ runDir: instance.runDir, logger, warm: true, fleet });
  const policy = () => inventory.current.policy;
  const kept = keeping.createKeptConnections();
  try {
    await runReconciler(
      {
        store,
        keeper,
        lease: { ...config.lease, holder: instance.holder },
        createProber: (hostKeyOwner) =>
          createProber({ logger, keepaliveMs: policy().probe.keepaliveMs, hostKeyOwner, kept }),
        access: createAccessQuery({ logger }),
        playbooks,
        sender,
        policy,
        inspectIntervalMs: config.inspectIntervalMs,
        clock,
        random: Math.random,
        logger,
        metrics,
        ownFaults,
        onTurn: pulse.beat,
        logScope,
        // Ansible is CPU-bound: more runs at once would only slow each of them down.
        maxRuns: 2 * cpus().length,
      },
      onLoop,
      signal,
    );
  } finally {
    kept.close();
    await playbooks.close();
    await instance.release();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
