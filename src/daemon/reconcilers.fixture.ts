import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { orionCommand } from '../lab/daemon.ts';

/** Polls until it is true; the test's own timeout ends it. */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}

/** Reconciling halves alone, visible only through ORION_METRICS_LISTEN. */
export interface Reconcilers {
  home: string;
  start(name: string, databaseUrl: string, more?: Record<string, string>, half?: string[]): ChildProcess;
  /** Status 0: no answer. */
  ask(name: string, path: string): Promise<{ status: number; body: string }>;
  statusOf(name: string, path: string): Promise<number>;
  leads(name: string): Promise<boolean>;
  close(): Promise<void>;
}

export async function openReconcilers(): Promise<Reconcilers> {
  const home = await mkdtemp(join(tmpdir(), 'orion-monitored-'));
  await writeFile(join(home, 'inventory.yaml'), 'nodes:\n  - { name: n1, host: 127.0.0.1, port: 1 }\n');
  const daemons: ChildProcess[] = [];
  const socketOf = (name: string) => join(home, `${name}.sock`);
  const ask: Reconcilers['ask'] = (name, path) =>
    new Promise((resolve) => {
      const none = () => resolve({ status: 0, body: '' });
      request({ socketPath: socketOf(name), path, timeout: 60_000 }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), none);
      })
        .once('error', none)
        .end();
    });
  return {
    home,
    ask,
    start(name, url, more = {}, half = ['--only', 'reconciler']) {
      const { command, args } = orionCommand(['serve', ...half]);
      const env = {
        PATH: process.env.PATH,
        ORION_DATABASE_URL: url,
        ORION_HOME: home,
        ORION_INSTANCE: name,
        ORION_INVENTORY: join(home, 'inventory.yaml'),
        ORION_METRICS_LISTEN: `unix:${socketOf(name)}`,
        ...more,
      };
      const daemon = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
      daemons.push(daemon);
      return daemon;
    },
    statusOf: async (name, path) => (await ask(name, path)).status,
    leads: async (name) => /^orion_leader 1$/m.test((await ask(name, '/metrics')).body),
    async close() {
      for (const daemon of daemons) daemon.kill('SIGKILL');
      await rm(home, { recursive: true, force: true });
    },
  };
}
