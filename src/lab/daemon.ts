import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT, type LabSettings } from './settings.ts';
import { type Running, startProgram } from './supervisor.ts';
import { webhookKeyPathOf } from './webhook-key.ts';

const ORION = join(CHECKOUT, 'dist', 'cli', 'orion.js');
/** The first start also creates the database's tables. */
const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;

export function socketOf(home: string, name: string): string {
  return join(home, 'run', `${name}.sock`);
}

/** How the lab itself runs `orion` with these arguments. */
export function orionCommand(args: string[]): { command: string; args: string[] } {
  return { command: process.execPath, args: [ORION, ...args] };
}

export function daemonEnvironment(settings: LabSettings, databaseUrl: string): NodeJS.ProcessEnv {
  const { ORION_WEBHOOK_KEY: ownKey, ORION_WEBHOOK_KEY_FILE: ownKeyFile } = process.env;
  return {
    ...process.env,
    ...(ownKey || ownKeyFile ? {} : { ORION_WEBHOOK_KEY_FILE: webhookKeyPathOf(settings.home) }),
    ORION_HOME: settings.home,
    ORION_DATABASE_URL: databaseUrl,
    ORION_INVENTORY: settings.inventoryPath,
    ORION_CONTROL_KEY: join(settings.home, 'keys', 'control_ed25519'),
    ORION_LOG_FORMAT: process.env.ORION_LOG_FORMAT ?? 'json',
  };
}

export async function startDaemon(
  settings: LabSettings,
  name: string,
  databaseUrl: string,
  program = orionCommand(['serve']),
): Promise<Running> {
  const socket = socketOf(settings.home, name);
  // A killed daemon leaves its socket behind, and a new one can't listen there.
  await rm(socket, { force: true });
  return startProgram({
    home: settings.home,
    name,
    ...program,
    cwd: CHECKOUT,
    env: {
      ...daemonEnvironment(settings, databaseUrl),
      ORION_LISTEN: `unix:${socket}`,
      ORION_INSTANCE: name,
    },
    graceMs: STOP_DEADLINE_MS,
  });
}

/** Resolves when the daemon reports ready: the database is there and has its tables. */
export async function waitUntilReady(home: string, name: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    signal.throwIfAborted();
    if ((await askDaemon(home, name, '/readyz')) === 200) return;
    if (performance.now() > deadline) {
      throw new Error(
        `${name} is not ready after ${READY_DEADLINE_MS / 1000} s; see ${home}/logs/${name}.log`,
      );
    }
    await sleep(50, undefined, { signal });
  }
}

/** The HTTP status of its answer; null if there is none. */
export function askDaemon(home: string, name: string, path: string, token?: string): Promise<number | null> {
  return new Promise((done) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = request({ socketPath: socketOf(home, name), path, headers, timeout: 5_000 }, (response) => {
      response.resume();
      done(response.statusCode ?? null);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => done(null));
    asked.end();
  });
}
