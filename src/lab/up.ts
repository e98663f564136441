import { join } from 'node:path';
import pLimit from 'p-limit';
import { takeLock } from '../daemon/process-lock.ts';
import { orionCommand, startDaemon, waitUntilReady } from './daemon.ts';
import { type Database, startDatabase } from './database.ts';
import { listNodes, waitForFleet } from './fleet-ready.ts';
import { describeLab, type Lab } from './lab.ts';
import { removeLeftovers } from './leftovers.ts';
import { giveBackMachines, openMachines } from './machines.ts';
import { checkPorts } from './ports.ts';
import { identify } from './processes.ts';
import { startProxy, waitUntilServing } from './proxy.ts';
import { removeRecord, writeRecord } from './records.ts';
import { type Environment, LabError, type LabSettings, readSettings } from './settings.ts';
import { removeState, writeState } from './state.ts';
import { type Supervised, supervise } from './supervisor.ts';
import { ensureTokens } from './tokens.ts';
import { ensureWebhookKey } from './webhook-key.ts';
import { type Worker, writeControlKey } from './worker.ts';

export interface LabOptions {
  /** ORION_HOME, ORION_INVENTORY, ORION_HTTPS_PORT and ORION_REPLICAS are read from here. */
  env: Environment;
  /** Takes one line of progress at a time. */
  say?: (line: string) => void;
  signal?: AbortSignal;
  /** Runs in place of `orion serve`, and without tokens: for tests of the lab itself. */
  daemon?: { command: string; args: string[] };
  /** The longest pause before a daemon is started again: for tests in which it dies all the time. */
  longestDelayMs?: number;
}

const WORKERS_AT_ONCE = 4;

/** How to end what has been started so far, at any moment and in reverse order. */
type Undo = (() => Promise<void>)[];

/** Brings up database, workers, daemons and proxy. If a step fails, what was started is ended again. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const settings = await readSettings(options.env);
  const signal = options.signal ?? new AbortController().signal;
  const say = options.say ?? (() => undefined);
  const undo: Undo = [];
  const stop = createStop(undo);
  try {
    await prepare(settings, undo, say);
    await checkPorts(settings);
    return await bringUp({ ...options, say, signal }, settings, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function createStop(undo: Undo): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const stopAll = async () => {
    let failure: unknown = null;
    // One part that can't be ended must not keep the others running.
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      await step().catch((error: unknown) => {
        failure = error;
      });
    }
    if (failure !== null) throw failure;
  };
  return () => {
    stopped ??= stopAll();
    return stopped;
  };
}

async function prepare(settings: LabSettings, undo: Undo, say: (line: string) => void): Promise<void> {
  const { home } = settings;
  const release = await takeLock(home);
  if (release === null) {
    throw new LabError(`A lab runs in ${home} already; stop it with: ./bin/orion lab down`);
  }
  undo.push(release);
  const ended = await removeLeftovers(home);
  if (ended > 0) say(`Removed ${ended} processes that an earlier lab left behind`);
  const self = await identify(process.pid);
  if (self !== null) await writeRecord(home, 'lab', self);
  undo.push(async () => {
    await removeLeftovers(home);
    await removeRecord(home, 'lab');
  });
}

async function bringUp(
  options: LabOptions & { say: (line: string) => void; signal: AbortSignal },
  settings: LabSettings,
  undo: Undo,
  stop: () => Promise<void>,
): Promise<Lab> {
  const { say, signal } = options;
  const { home } = settings;
  const startedAt = performance.now();
  const done = (line: string) => say(`${seconds(startedAt)} ${line}`);

  const daemons = Array.from({ length: settings.replicas }, (_, index) => `daemon_${index + 1}`);
  await writeControlKey(home);
  await ensureWebhookKey(home);
  const workers = await openMachines(settings);
  // The slow parts first and in parallel: the database and the machines do not need each other.
  const both = await Promise.allSettled([
    superviseDatabase(settings, undo, say, signal).then((database) => {
      done(`Database is ready (${join(home, 'database')})`);
      return database;
    }),
    startWorkers(workers, undo, signal).then(() =>
      done(`Workers are ready: ${[...workers.keys()].join(', ')}`),
    ),
  ]);
  for (const result of both) if (result.status === 'rejected') throw result.reason;
  const { url: databaseUrl, socketPath } = (both[0] as PromiseFulfilledResult<Database>).value;

  const running = new Map<string, Supervised>();
  const program = options.daemon ?? orionCommand(['serve']);
  for (const name of daemons) {
    const start = () => startDaemon(settings, name, databaseUrl, program);
    running.set(
      name,
      await superviseInto(undo, { home, name, start, say, longestDelayMs: options.longestDelayMs }),
    );
  }
  await superviseInto(undo, { home, name: 'proxy', start: () => startProxy(settings, daemons), say });
  await Promise.all(daemons.map((name) => waitUntilReady(home, name, signal)));
  done(`Daemon is ready: ${daemons.join(', ')}`);
  await waitUntilServing(settings, signal);
  done('Proxy is ready');
  const tokens = options.daemon === undefined ? await ensureTokens(settings, databaseUrl) : null;
  if (tokens !== null) {
    const first = daemons[0] ?? 'daemon_1';
    const usable = await waitForFleet(home, first, tokens.admin, signal);
    await giveBackMachines(settings, workers, await listNodes(home, first, tokens.admin));
    done(`Nodes are verified: ${usable} of ${workers.size} can be lent`);
  }

  await publishState(
    settings,
    { url: `https://localhost:${settings.httpsPort}`, socketPath, daemons, workers },
    undo,
  );
  return describeLab(settings, { tokens, databaseUrl, workers, running, stop, env: options.env });
}

/** For `orion lab …` in other terminals. */
async function publishState(
  settings: LabSettings,
  parts: { url: string; socketPath: string; daemons: string[]; workers: Map<string, Worker> },
  undo: Undo,
): Promise<void> {
  await writeState(settings.home, {
    url: parts.url,
    httpsPort: settings.httpsPort,
    inventoryPath: settings.inventoryPath,
    databaseSocket: parts.socketPath,
    daemons: parts.daemons,
    workers: [...parts.workers.values()].map(({ spec: { name, host, port, authorizedKey } }) => ({
      name,
      host,
      port,
      authorizedKey,
    })),
  });
  undo.push(() => removeState(settings.home));
}

async function superviseInto(undo: Undo, options: Parameters<typeof supervise>[0]): Promise<Supervised> {
  const supervised = await supervise(options);
  undo.push(() => supervised.stop());
  return supervised;
}

async function superviseDatabase(
  settings: LabSettings,
  undo: Undo,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Database> {
  let latest: Database | null = null;
  const start = async (stopping: AbortSignal) => {
    latest = await startDatabase({ home: settings.home, signal: AbortSignal.any([signal, stopping]) });
    return latest;
  };
  await superviseInto(undo, { home: settings.home, name: 'database', start, say });
  return latest as unknown as Database;
}

async function startWorkers(workers: Map<string, Worker>, undo: Undo, signal: AbortSignal): Promise<void> {
  undo.push(async () => {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
  });
  const limit = pLimit(WORKERS_AT_ONCE);
  const started = [...workers.values()].map((worker) =>
    limit(async () => {
      signal.throwIfAborted();
      await worker.start();
    }),
  );
  // Wait for all before an error is thrown, so that none is still starting while the others are ended.
  for (const result of await Promise.allSettled(started)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

function seconds(startedAt: number): string {
  return `[${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s]`;
}
