import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orionCommand } from './lab/daemon.ts';
import { startDatabase } from './lab/database.ts';
import { type ScratchServer, startScratchServer } from './lab/scratch-database.ts';
import { openSmallDisk } from './lab/small-disk.fixture.ts';
import { createPool } from './store/pool.ts';
import { leases } from './store/schema.ts';

let server: ScratchServer;
let home: string;
const daemons: ChildProcess[] = [];

beforeAll(async () => {
  server = await startScratchServer();
  home = await mkdtemp(join(tmpdir(), 'orion-monitored-'));
  await writeFile(join(home, 'inventory.yaml'), 'nodes:\n  - { name: n1, host: 127.0.0.1, port: 1 }\n');
});
afterAll(async () => {
  for (const daemon of daemons) daemon.kill('SIGKILL');
  await server.stop();
  await rm(home, { recursive: true, force: true });
});

/** The reconciling half alone, with nothing but ORION_METRICS_LISTEN to be seen by. */
function startReconciler(name: string, url: string, more: Record<string, string> = {}): ChildProcess {
  const { command, args } = orionCommand(['serve', '--only', 'reconciler']);
  const env = {
    ...{ PATH: process.env.PATH, ORION_DATABASE_URL: url, ORION_HOME: home, ORION_INSTANCE: name },
    ORION_INVENTORY: join(home, 'inventory.yaml'),
    ORION_METRICS_LISTEN: `unix:${join(home, `${name}.sock`)}`,
    ...more,
  };
  const daemon = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  daemons.push(daemon);
  return daemon;
}

function ask(name: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const socketPath = join(home, `${name}.sock`);
    const none = () => resolve({ status: 0, body: '' });
    request({ socketPath, path, timeout: 60_000 }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), none);
    })
      .once('error', none)
      .end();
  });
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}

const statusOf = async (name: string, path: string) => (await ask(name, path)).status;
const leads = async (name: string) => /^orion_leader 1$/m.test((await ask(name, '/metrics')).body);

test('a reconciler alone says how it is: waiting for its database, leading, and standing by', async () => {
  const url = await server.createDatabase();
  const nowhere = url.replace(/socketPath=[^&]*/, `socketPath=${encodeURIComponent(join(home, 'no.sock'))}`);
  const waiting = startReconciler('waiting', nowhere);
  await until(async () => (await statusOf('waiting', '/healthz')) === 200);
  expect(await statusOf('waiting', '/readyz')).toBe(503);
  waiting.kill('SIGTERM');

  const first = startReconciler('first', url);
  await until(() => leads('first'));
  startReconciler('second', url);
  await until(async () => (await statusOf('second', '/readyz')) === 200);
  expect([await statusOf('first', '/readyz'), await leads('second')]).toEqual([200, false]);
  expect(await statusOf('second', '/api/nodes')).toBe(404);

  const ended = new Promise<number | null>((resolve) => first.once('exit', resolve));
  first.kill('SIGTERM');
  expect(await ended).toBe(0);
  await until(() => leads('second'));
  expect(await statusOf('second', '/healthz')).toBe(200);
}, 90_000);

test('of two processes with one name, one leads and the other stands by', async () => {
  const url = await server.createDatabase();
  const pool = createPool({ url });
  const readLease = async () => {
    const [row] = await pool.withSession(({ db }) => db.select().from(leases));
    if (!row) throw new Error('there is no lease');
    return row;
  };
  const lease = { ORION_LEASE_DURATION: '3s', ORION_LEASE_RENEW_DEADLINE: '2s' };
  const twin = { ORION_INSTANCE: 'twin', ORION_LEASE_RETRY_PERIOD: '100ms', ...lease };
  const first = startReconciler('twin-a', url, twin);
  await until(() => leads('twin-a'));
  startReconciler('twin-b', url, twin);
  await until(async () => (await statusOf('twin-b', '/readyz')) === 200);
  const before = await readLease();
  const renewals = new Set<string>();
  while (renewals.size < 20) renewals.add((await readLease()).expiresAt.toISOString());
  expect([(await readLease()).token, await leads('twin-a')]).toEqual([before.token, true]);
  expect(before.holder).toMatch(/^twin\//);

  first.kill('SIGKILL');
  await until(async () => (await readLease()).token > before.token);
  const { holder } = await readLease();
  expect(holder).toMatch(/^twin\//);
  expect(holder).not.toBe(before.holder);
  await pool.close();
}, 90_000);

test('a daemon whose database has a full disk says so for as long as it lasts, though reads and renewals go well', async () => {
  const disk = await openSmallDisk(256);
  const database = await startDatabase({ home: disk.path });
  const pool = createPool({ url: database.url });
  try {
    startReconciler('cramped', database.url);
    await until(() => leads('cramped'));
    const readiness = async () => (await ask('cramped', '/readyz')).body;
    await expect.poll(readiness).toContain('ready');
    await disk.fill();
    const row = `('filler', now(3), 'filler', repeat('x', 500))`;
    const insert = `INSERT INTO events (type, at, reason, message) VALUES ${row}`;
    const write = () =>
      pool
        .withSession(({ execute }) => execute(insert))
        .then(
          () => true,
          () => false,
        );
    // The file of the table has room for a few still; then the leader, who gives each its number, meets the end of it.
    await until(async () => !(await write()));
    await expect.poll(readiness).toContain("the database's disk is full");
    expect(await leads('cramped')).toBe(true);
    await disk.empty();
    await expect.poll(readiness).toContain('"ready"');
  } finally {
    await pool.close();
    await database.stop();
    await disk.close();
  }
}, 300_000);
