import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { Clock, Logger } from './core/ports.ts';
import type { Leadership } from './core/store-ports.ts';
import { type Inventory, loadInventory } from './inventory/load.ts';
import { createLogger } from './log.ts';
import type { Loop } from './reconcile/loop.ts';
import { findStoreError } from './store/errors.ts';
import { migrate } from './store/migrate.ts';
import { createPool, type Pool } from './store/pool.ts';
import { createStore } from './store/store.ts';
import { VERSION } from './version.ts';

const clock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

interface Parts {
  config: Config;
  store: ReturnType<typeof createStore>;
  inventory: Inventory;
  logger: Logger;
  signal: AbortSignal;
}

/**
 * The daemon: configuration -> parts -> start -> signals. Resolves with the exit code after SIGTERM or SIGINT.
 * `only` leaves out the other half: `api` needs neither SSH key nor Ansible, `reconciler` serves nobody.
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

  const pool = createPool({ url: config.databaseUrl });
  const { signal } = stopped;
  const parts: Parts = { config, store: createStore(pool), inventory: loaded.inventory, logger, signal };
  let loop: Loop | null = null;
  try {
    await migrateWhenThere(pool, logger, signal);
    const running: Promise<void>[] = [];
    if (options.only !== 'reconciler') running.push(serveApi(parts, () => loop?.wake()));
    if (options.only !== 'api') running.push(reconcile(parts, (next) => (loop = next)));
    // The first part that fails takes the others with it, each through its own clean-up.
    await Promise.all(running.map((part) => part.finally(stop)));
    return 0;
  } catch (error) {
    logger.error({ err: error }, 'the daemon ends');
    return 1;
  } finally {
    stop();
    await pool.close();
  }
}

/** Waits for a database that is not there yet, and says so; a schema that this program can't run on ends it. */
async function migrateWhenThere(pool: Pool, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const applied = await migrate(pool);
      if (applied.length > 0) logger.info({ applied }, 'migrations applied');
      return;
    } catch (error) {
      const failure = findStoreError(error);
      if (!failure || failure.kind === 'rejected') throw error;
      logger.warn({ code: failure.code }, 'waiting for the database');
      await sleep(1_000, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function serveApi(
  { config, store, inventory, logger, signal }: Parts,
  wake: () => void,
): Promise<void> {
  // Loaded only where it runs, so that the process which faces clients needs no ssh2, and the other no Hono.
  const [{ createApp }, { startServer }, { createWatchHub }] = await Promise.all([
    import('./api/app.ts'),
    import('./api/server.ts'),
    import('./api/watch-hub.ts'),
  ]);
  const watch = createWatchHub({ store, logger });
  const app = createApp({
    store,
    clock,
    logger,
    policy: inventory.policy,
    wake,
    watch,
    version: VERSION,
    isShuttingDown: () => signal.aborted,
  });
  const server = await startServer({ app, listen: config.listen, logger });
  logger.info({ listen: config.listen }, 'serving the API');
  await untilAborted(signal);
  // Watches have no end of their own, and would hold the server until the drain is over.
  watch.close();
  await server.close();
}

async function reconcile(
  { config, store, inventory, logger, signal }: Parts,
  onLoop: (loop: Loop | null) => void,
): Promise<void> {
  const [{ createPlaybookRunner }, { lead }, { runElections }, { createAccessQuery }, { createProber }] =
    await Promise.all([
      import('./playbook/runner.ts'),
      import('./reconcile/lead.ts'),
      import('./reconcile/leader.ts'),
      import('./ssh/access-query.ts'),
      import('./ssh/prober.ts'),
    ]);
  const playbooks = await createPlaybookRunner({
    runDir: join(config.home, 'run', `playbooks-${config.instance}`),
    logger,
    warm: true,
  });
  const { policy } = inventory;
  const settings = { ...config.lease, holder: config.instance };
  // The inventory is applied by a daemon that was started with it and leads, never merely by a take-over: one
  // that has stood by for longer than a dead predecessor's lease found a living leader, whose fleet counts.
  const standByEndsAtMs = clock.monotonicMs() + 2 * settings.durationMs;
  let isApplied = false;
  const term = async (leadership: Leadership, termSignal: AbortSignal) => {
    if (!isApplied && clock.monotonicMs() < standByEndsAtMs) {
      const changes = await store.applyInventory(leadership, inventory.nodes, clock.now());
      if (changes === 'deposed') return;
      logger.info(changes, 'inventory applied');
    }
    isApplied = true;
    await lead(
      {
        store,
        createProber: () => createProber({ logger, keepaliveMs: policy.probe.keepaliveMs }),
        access: createAccessQuery({ logger }),
        playbooks,
        policy: () => policy,
        inspectIntervalMs: config.inspectIntervalMs,
        clock,
        random: Math.random,
        logger,
      },
      leadership,
      onLoop,
      termSignal,
    );
  };
  try {
    await runElections({ store, settings, clock, logger }, term, signal);
  } finally {
    await playbooks.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
