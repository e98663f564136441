import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Leadership } from '../core/store-ports.ts';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { migrate } from './migrate.ts';
import { createPool, type Pool } from './pool.ts';
import { createStore, type Store } from './store.ts';
import { bindSave, event, fleetOf, newRental, nodeSpec, now, rentalSpec } from './test-samples.ts';

let server: ScratchServer;
let pool: Pool;
let store: Store;
let leader: Leadership;

beforeAll(async () => {
  server = await startScratchServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  pool = createPool({ url: await server.createDatabase() });
  await migrate(pool);
  store = createStore(pool);
  leader = (await store.acquire({ holder: 'first', durationMs: 60_000 })) as Leadership;
});
afterEach(() => pool.close());

const anyEvent = { rentalId: null, node: null, type: null };

async function end(id: string, phase: 'Released' | 'Failed' = 'Released'): Promise<void> {
  const rental = await store.loadRental(id);
  if (!rental) throw new Error(`no rental ${id}`);
  const record = { ...rental.record, phase, endedAt: now };
  const change = { id, record, seenGeneration: rental.generation, seenReleaseRequested: false };
  expect((await store.save(leader, { rentals: [change], events: [] })).kind).toBe('saved');
}

test('makes one rental of 20 identical requests at once, and gives it to all of them', async () => {
  const key = { idempotencyKey: 'key', requestHash: 'a'.repeat(64), name: 'same' };
  const requests = Array.from({ length: 20 }, (_, index) =>
    store.createRental(newRental(`r_${index}`, key), event({ rentalId: `r_${index}` })),
  );
  const results = await Promise.all(requests);
  expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1);
  const ids = new Set(results.map((result) => ('rental' in result ? result.rental.id : null)));
  expect(ids.size).toBe(2);
  const { items } = await store.listRentals(null, { limit: 500, cursor: null, includeEnded: true });
  expect(items.map(({ id }) => id)).toEqual([[...ids].find((id) => id !== null)]);
  await store.numberEvents(leader);
  expect(await store.listEvents(null, { afterSeq: 0, limit: 500, ...anyEvent })).toHaveLength(1);
  const other = { ...key, requestHash: 'b'.repeat(64) };
  expect(await store.createRental(newRental('r_x', other), event())).toEqual({ kind: 'keyReused' });
  expect((await store.createRental(newRental('r_y', { ...key, tenant: 'u' }), event())).kind).toBe('created');
});

test('keeps names unique among the live rentals of a tenant, and frees them at the end', async () => {
  const named = (id: string, name: string) => store.createRental(newRental(id, { name }), event());
  expect((await named('r_1', 'box')).kind).toBe('created');
  expect(await named('r_2', 'box')).toMatchObject({ kind: 'exists', rental: { id: 'r_1' } });
  expect((await named('r_3', 'BOX')).kind).toBe('created');
  await end('r_1');
  expect((await named('r_4', 'box')).kind).toBe('created');
  expect((await store.findRental('t', 'box'))?.id).toBe('r_4');
  expect((await store.findRental('t', 'r_1'))?.record.endedAt).toEqual(now);
});

test('shows a tenant nothing of another one', async () => {
  await store.createRental(newRental('r_1', { tenant: 'a', name: 'box' }), event({ tenant: 'a' }));
  await store.createRental(newRental('r_2', { tenant: 'b', name: 'box' }), event({ tenant: 'b' }));
  await store.numberEvents(leader);
  expect(await store.findRental('b', 'r_1')).toBeNull();
  expect((await store.findRental('b', 'box'))?.id).toBe('r_2');
  expect((await store.findRental(null, 'r_1'))?.id).toBe('r_1');
  expect(await store.findRental(null, 'box')).toBeNull();
  const page = { limit: 10, cursor: null, includeEnded: true };
  expect((await store.listRentals('b', page)).items.map(({ id }) => id)).toEqual(['r_2']);
  const events = await store.listEvents('b', { afterSeq: 0, limit: 10, ...anyEvent });
  expect(events.map(({ tenant }) => tenant)).toEqual(['b']);
});

test('pages through a list that changes meanwhile without skipping or repeating', async () => {
  const ids = Array.from({ length: 7 }, (_, index) => `r_${index}`);
  for (const id of ids) await store.createRental(newRental(id), event());
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['listRentals']>> = await store.listRentals('t', {
      ...{ limit: 3, cursor, includeEnded: false },
    });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    if (seen.length === 3) await end('r_1');
  } while (cursor !== null);
  expect(seen).toEqual(ids);
  const wrong = { limit: 3, cursor: 'wrong', includeEnded: false };
  await expect(store.listRentals('t', wrong)).rejects.toMatchObject({ name: 'InvalidCursorError' });
});

test('lets one of two changes to the same generation win, and marks the rental for the reconciler', async () => {
  await store.createRental(newRental('r_1'), event());
  const change = (ttlMs: number) =>
    store.updateRentalSpec('r_1', 1, { ...rentalSpec, ttlMs }, { renewedAt: now, event: event() });
  const won = await Promise.all([change(1), change(2)]);
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(await store.findRental('t', 'r_1')).toMatchObject({ generation: 2, renewedAt: now });
  expect(await store.listDirtyRentals()).toEqual(['r_1']);
  await store.numberEvents(leader);
  expect(await store.listEvents(null, { afterSeq: 0, limit: 9, ...anyEvent })).toHaveLength(2);
  expect(await store.requestRelease('r_1', now, event())).toBe(true);
  expect(await store.requestRelease('r_1', now, event())).toBe(false);
  await end('r_1');
  expect(await store.updateRentalSpec('r_1', 2, rentalSpec, { renewedAt: null, event: event() })).toBe(false);
});

test('discards only what was rejected without ever having a machine', async () => {
  await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
  const key = { idempotencyKey: 'key', requestHash: 'a'.repeat(64) };
  await store.createRental(newRental('r_1', key), event());
  await store.discardRejected('r_1');
  expect(await store.loadRental('r_1')).not.toBeNull();
  await end('r_1', 'Failed');
  await store.discardRejected('r_1');
  expect(await store.loadRental('r_1')).toBeNull();
  expect((await store.createRental(newRental('r_2', key), event())).kind).toBe('created');
  await store.save(leader, await bindSave(store, 'r_2', 'n1'));
  await end('r_2', 'Failed');
  await store.discardRejected('r_2');
  expect((await store.loadRental('r_2'))?.placements).toHaveLength(1);
});

test('accepts a token until it expires or is revoked', async () => {
  const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
  const token = { name: null, tenant: 't', role: 'tenant' as const, createdAt: now };
  const soon = new Date(Date.now() + 300);
  await store.createToken({ ...token, id: 'k1', hash: hashOf('one'), expiresAt: null });
  await store.createToken({ ...token, id: 'k2', hash: hashOf('two'), expiresAt: soon });
  expect(await store.authenticate(hashOf('one'))).toEqual({ tokenId: 'k1', tenant: 't', role: 'tenant' });
  expect(await store.authenticate(hashOf('two'))).not.toBeNull();
  expect(await store.authenticate(hashOf('three'))).toBeNull();
  await sleep(400);
  expect(await store.authenticate(hashOf('two'))).toBeNull();
  expect(await store.revokeToken('k1', now)).toBe(true);
  expect(await store.revokeToken('k1', now)).toBe(false);
  expect(await store.authenticate(hashOf('one'))).toBeNull();
  expect((await store.listTokens()).map(({ id, revokedAt }) => [id, revokedAt])).toEqual([
    ['k1', now],
    ['k2', null],
  ]);
});

test('cordons a node once, and says when there is none', async () => {
  await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
  const cordon = () =>
    store.writeWish('n1', { kind: 'cordon' }, event({ type: 'node.cordoned', node: 'n1' }));
  expect([await cordon(), await cordon()]).toEqual([true, false]);
  expect(await store.writeWish('n9', { kind: 'cordon' }, event())).toBe(null);
  expect((await store.findNode('n1'))?.wishes.cordoned).toBe(true);
  await store.numberEvents(leader);
  const filter = { ...anyEvent, type: 'node.cordoned', limit: 9 };
  expect(await store.listEvents(null, { ...filter, afterSeq: 0 })).toHaveLength(1);
});

test('is ready with the schema of this program and a database that answers', async () => {
  expect(await store.checkReady()).toEqual({ ready: true });
  const empty = createPool({ url: await server.createDatabase() });
  expect(await createStore(empty).checkReady()).toMatchObject({ ready: false });
  await empty.close();
  process.kill(server.pid, 'SIGSTOP');
  try {
    expect(await store.checkReady()).toMatchObject({ ready: false });
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
});
