import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { createTokenSecret } from '../secrets/token-secret.ts';
import { createPool, type Pool } from '../store/connection/pool.ts';
import { leases } from '../store/schema-fleet.ts';
import { createStore } from '../store/store.ts';
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

async function readLease(pool: Pool) {
  const [row] = await pool.withConnection(({ db }) => db.select().from(leases));
  if (!row) throw new Error('there is no lease');
  return row;
}

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

test('a daemon keeps leading while its clients hold every connection that they may have', async () => {
  const url = await server.createDatabase();
  const pool = createPool({ url });
  const socketPath = join(reconcilers.home, 'busy-api.sock');
  const lease = {
    ORION_LEASE_DURATION: '3s',
    ORION_LEASE_RENEW_DEADLINE: '2s',
    ORION_LEASE_RETRY_PERIOD: '100ms',
  };
  reconcilers.start('busy', url, { ...lease, ORION_LISTEN: `unix:${socketPath}` }, []);
  await until(() => reconcilers.leads('busy'));
  const { id, token, hash } = createTokenSecret();
  const times = { createdAt: new Date(), expiresAt: null };
  await createStore(pool).createToken({ id, hash, name: 'busy', tenant: 'busy', role: 'tenant', ...times });
  const ask = () =>
    new Promise<number>((resolve) => {
      const headers = { authorization: `Bearer ${token}` };
      request({ socketPath, path: '/api/rentals', headers, timeout: 60_000 }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', () => resolve(0))
        .end();
    });
  expect(await ask()).toBe(200);

  const before = await readLease(pool);
  const statuses = new Set<number>();
  await pool.withConnection(async (holder) => {
    // Whoever shows a token waits for this.
    await holder.execute('LOCK TABLES api_tokens WRITE');
    let isOver = false;
    const clients = Array.from({ length: 60 }, async () => {
      while (!isOver) statuses.add(await ask());
    });
    const renewals = new Set<string>();
    while (renewals.size < 60) renewals.add((await readLease(pool)).expiresAt.toISOString());
    isOver = true;
    await holder.execute('UNLOCK TABLES');
    await Promise.all(clients);
  });
  expect((await readLease(pool)).token).toBe(before.token);
  // They did hold all of them.
  expect(statuses).toContain(503);
  await pool.close();
}, 120_000);

test('of two processes with one name, one leads and the other stands by', async () => {
  const url = await server.createDatabase();
  const pool = createPool({ url });
  const lease = { ORION_LEASE_DURATION: '3s', ORION_LEASE_RENEW_DEADLINE: '2s' };
  const twin = { ORION_INSTANCE: 'twin', ORION_LEASE_RETRY_PERIOD: '100ms', ...lease };
  const first = reconcilers.start('twin-a', url, twin);
  await until(() => reconcilers.leads('twin-a'));
  reconcilers.start('twin-b', url, twin);
  await until(async () => (await reconcilers.statusOf('twin-b', '/readyz')) === 200);
  const before = await readLease(pool);
  const renewals = new Set<string>();
  while (renewals.size < 20) renewals.add((await readLease(pool)).expiresAt.toISOString());
  expect([(await readLease(pool)).token, await reconcilers.leads('twin-a')]).toEqual([before.token, true]);
  expect(before.holder).toMatch(/^twin\//);

  first.kill('SIGKILL');
  await until(async () => (await readLease(pool)).token > before.token);
  const { holder } = await readLease(pool);
  expect(holder).toMatch(/^twin\//);
  expect(holder).not.toBe(before.holder);
  await pool.close();
}, 90_000);
