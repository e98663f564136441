import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPool } from './connection/pool.ts';
import { testClientWrites } from './contract/rentals.contract.fixture.ts';
import { attribution, event, fleetOf, newRental, nodeSpec, now } from './contract/samples.fixture.ts';
import { useStore } from './store.fixture.ts';
import { createStore, type Store } from './store.ts';

const bench = useStore();

testClientWrites(bench);

const anyEvent = { rentalId: null, node: null, type: null };

async function end(id: string, phase: 'Released' | 'Failed' = 'Released'): Promise<void> {
  const rental = await bench.store.loadRental(id);
  if (!rental) throw new Error(`no rental ${id}`);
  const record = { ...rental.record, phase, endedAt: now };
  const change = { id, record, seenGeneration: rental.generation, seenReleaseRequested: false };
  expect((await bench.store.save(bench.leader, { rentals: [change], events: [] })).kind).toBe('saved');
}

test('makes one rental of 20 identical requests at once, and gives it to all of them', async () => {
  const key = { idempotencyKey: 'key', requestHash: 'a'.repeat(64), name: 'same' };
  const requests = Array.from({ length: 20 }, (_, index) =>
    bench.store.createRental(newRental(`r_${index}`, key), event({ rentalId: `r_${index}` })),
  );
  const results = await Promise.all(requests);
  expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1);
  const ids = new Set(results.map((result) => ('rental' in result ? result.rental.id : null)));
  expect(ids.size).toBe(2);
  const { items } = await bench.store.listRentals(null, { limit: 500, cursor: null, includeEnded: true });
  expect(items.map(({ id }) => id)).toEqual([[...ids].find((id) => id !== null)]);
  await bench.store.numberEvents(bench.leader);
  expect(await bench.store.listEvents(null, { afterSeq: 0, limit: 500, ...anyEvent })).toHaveLength(1);
  const other = { ...key, requestHash: 'b'.repeat(64) };
  expect(await bench.store.createRental(newRental('r_x', other), event())).toEqual({ kind: 'keyReused' });
  expect((await bench.store.createRental(newRental('r_y', { ...key, tenant: 'u' }), event())).kind).toBe(
    'created',
  );
});

test('shows a tenant nothing of another one', async () => {
  await bench.store.createRental(newRental('r_1', { tenant: 'a', name: 'box' }), event({ tenant: 'a' }));
  await bench.store.createRental(newRental('r_2', { tenant: 'b', name: 'box' }), event({ tenant: 'b' }));
  await bench.store.numberEvents(bench.leader);
  expect(await bench.store.findRental('b', 'r_1')).toBeNull();
  expect((await bench.store.findRental('b', 'box'))?.id).toBe('r_2');
  expect((await bench.store.findRental(null, 'r_1'))?.id).toBe('r_1');
  expect(await bench.store.findRental(null, 'box')).toBeNull();
  const page = { limit: 10, cursor: null, includeEnded: true };
  expect((await bench.store.listRentals('b', page)).items.map(({ id }) => id)).toEqual(['r_2']);
  const events = await bench.store.listEvents('b', { afterSeq: 0, limit: 10, ...anyEvent });
  expect(events.map(({ tenant }) => tenant)).toEqual(['b']);
});

test('pages through a list that changes meanwhile without skipping or repeating', async () => {
  const ids = Array.from({ length: 7 }, (_, index) => `r_${index}`);
  for (const id of ids) await bench.store.createRental(newRental(id), event());
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['listRentals']>> = await bench.store.listRentals('t', {
      ...{ limit: 3, cursor, includeEnded: false },
    });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    if (seen.length === 3) await end('r_1');
  } while (cursor !== null);
  expect(seen).toEqual(ids);
  const wrong = { limit: 3, cursor: 'wrong', includeEnded: false };
  await expect(bench.store.listRentals('t', wrong)).rejects.toMatchObject({ name: 'InvalidCursorError' });
});

test('accepts a token until it expires or is revoked', async () => {
  const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
  const token = { name: null, tenant: 't', role: 'tenant' as const, createdAt: now };
  const soon = new Date(Date.now() + 300);
  await bench.store.createToken({ ...token, id: 'k1', hash: hashOf('one'), expiresAt: null });
  await bench.store.createToken({ ...token, id: 'k2', hash: hashOf('two'), expiresAt: soon });
  expect(await bench.store.authenticate(hashOf('one'))).toEqual({
    tokenId: 'k1',
    tokenName: null,
    tenant: 't',
    role: 'tenant',
  });
  expect(await bench.store.authenticate(hashOf('two'))).not.toBeNull();
  expect(await bench.store.authenticate(hashOf('three'))).toBeNull();
  // The database's clock decides, and only time expires a token.
  await sleep(400);
  expect(await bench.store.authenticate(hashOf('two'))).toBeNull();
  expect(await bench.store.revokeToken('k1', now)).toBe(true);
  expect(await bench.store.revokeToken('k1', now)).toBe(false);
  expect(await bench.store.authenticate(hashOf('one'))).toBeNull();
  expect((await bench.store.listTokens()).map(({ id, revokedAt }) => [id, revokedAt])).toEqual([
    ['k1', now],
    ['k2', null],
  ]);
});

test('keeps somebody signed in until the session expires, is ended, or its token is no more', async () => {
  const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
  const base = { name: 'laptop', tenant: 't', role: 'tenant' as const, createdAt: now };
  await bench.store.createToken({ ...base, id: 's1', hash: hashOf('t1'), expiresAt: null });
  await bench.store.createToken({
    ...{ ...base, id: 's2', hash: hashOf('t2') },
    expiresAt: new Date(Date.now() + 300),
  });
  const later = new Date(Date.now() + 3_600_000);
  const open = (secret: string, tokenId: string, expiresAt = later, createdAt = now) =>
    bench.store.createSession({ hash: hashOf(secret), tokenId, createdAt, expiresAt });
  const find = (secret: string) => bench.store.authenticateSession(hashOf(secret));
  await open('a', 's1');
  await open('b', 's1', new Date(Date.now() + 300));
  await open('c', 's2');
  expect(await find('a')).toEqual({
    ...{ tokenId: 's1', tokenName: 'laptop', tenant: 't', role: 'tenant', expiresAt: expect.any(Date) },
  });
  expect([await find('b'), await find('c')]).not.toContain(null);
  // The database's clock decides, and only time ends either.
  await sleep(400);
  expect([await find('b'), await find('c'), await find('d')]).toEqual([null, null, null]);
  await bench.store.endSession(hashOf('a'));
  await bench.store.endSession(hashOf('a'));
  expect(await find('a')).toBeNull();

  for (let i = 0; i < 21; i++) await open(`many ${i}`, 's1', later, new Date(now.getTime() + i * 1_000));
  expect(await find('many 0')).toBeNull();
  expect(await find('many 1')).not.toBeNull();
  await bench.store.revokeToken('s1', now);
  expect(await find('many 20')).toBeNull();
});

test('cordons a node once, and says when there is none', async () => {
  await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
  const cordon = () =>
    bench.store.writeRequest(
      'n1',
      { kind: 'cordon', attribution },
      event({ type: 'node.cordoned', node: 'n1' }),
    );
  expect([await cordon(), await cordon()]).toEqual([true, false]);
  expect(await bench.store.writeRequest('n9', { kind: 'cordon', attribution }, event())).toBe(null);
  expect((await bench.store.findNode('n1'))?.requests.cordoned).toBe(true);
  await bench.store.numberEvents(bench.leader);
  const filter = { ...anyEvent, type: 'node.cordoned', limit: 9 };
  expect(await bench.store.listEvents(null, { ...filter, afterSeq: 0 })).toHaveLength(1);
});

test('is ready with the schema of this program and a database that answers', async () => {
  expect(await bench.store.checkReady()).toEqual({ ready: true });
  const empty = createPool({ url: await bench.server.createDatabase() });
  expect(await createStore(empty).checkReady()).toMatchObject({ ready: false });
  await empty.close();
  process.kill(bench.server.pid, 'SIGSTOP');
  try {
    expect(await bench.store.checkReady()).toMatchObject({ ready: false });
  } finally {
    process.kill(bench.server.pid, 'SIGCONT');
  }
});
