import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { createPool } from '../store/connection/pool.ts';
import { leases } from '../store/schema-fleet.ts';
import { openReconcilers, type Reconcilers, until } from './reconcilers.fixture.ts';

let server: ScratchServer;
let reconcilers: Reconcilers;

beforeAll(async () => {
  server = await startScratchServer();
  reconcilers = await openReconcilers();
});
afterAll(async () => {
  await reconcilers?.close();
  await server?.stop();
});

test('a reconciler alone says how it is: waiting for its database, leading, and standing by', async () => {
  const url = await server.createDatabase();
  const nowhere = url.replace(
    /socketPath=[^&]*/,
    `socketPath=${encodeURIComponent(join(reconcilers.home, 'no.sock'))}`,
  );
  const waiting = reconcilers.start('waiting', nowhere);
  await until(async () => (await reconcilers.statusOf('waiting', '/healthz')) === 200);
  expect(await reconcilers.statusOf('waiting', '/readyz')).toBe(503);
  waiting.kill('SIGTERM');

  const first = reconcilers.start('first', url);
  await until(() => reconcilers.leads('first'));
  reconcilers.start('second', url);
  await until(async () => (await reconcilers.statusOf('second', '/readyz')) === 200);
  expect([await reconcilers.statusOf('first', '/readyz'), await reconcilers.leads('second')]).toEqual([
    200,
    false,
  ]);
  expect(await reconcilers.statusOf('second', '/api/nodes')).toBe(404);

  const ended = new Promise<number | null>((resolve) => first.once('exit', resolve));
  first.kill('SIGTERM');
  expect(await ended).toBe(0);
  await until(() => reconcilers.leads('second'));
  expect(await reconcilers.statusOf('second', '/healthz')).toBe(200);
}, 90_000);

test('of two processes with one name, one leads and the other stands by', async () => {
  const url = await server.createDatabase();
  const pool = createPool({ url });
  const readLease = async () => {
    const [row] = await pool.withConnection(({ db }) => db.select().from(leases));
    if (!row) throw new Error('there is no lease');
    return row;
  };
  const lease = { ORION_LEASE_DURATION: '3s', ORION_LEASE_RENEW_DEADLINE: '2s' };
  const twin = { ORION_INSTANCE: 'twin', ORION_LEASE_RETRY_PERIOD: '100ms', ...lease };
  const first = reconcilers.start('twin-a', url, twin);
  await until(() => reconcilers.leads('twin-a'));
  reconcilers.start('twin-b', url, twin);
  await until(async () => (await reconcilers.statusOf('twin-b', '/readyz')) === 200);
  const before = await readLease();
  const renewals = new Set<string>();
  while (renewals.size < 20) renewals.add((await readLease()).expiresAt.toISOString());
  expect([(await readLease()).token, await reconcilers.leads('twin-a')]).toEqual([before.token, true]);
  expect(before.holder).toMatch(/^twin\//);

  first.kill('SIGKILL');
  await until(async () => (await readLease()).token > before.token);
  const { holder } = await readLease();
  expect(holder).toMatch(/^twin\//);
  expect(holder).not.toBe(before.holder);
  await pool.close();
}, 90_000);
