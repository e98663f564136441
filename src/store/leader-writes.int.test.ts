import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FIRST_UID, LAST_UID } from '../core/node.ts';
import type { Leadership } from '../core/store-ports.ts';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { migrate } from './migrate.ts';
import { createPool, type Pool } from './pool.ts';
import { createStore, type Store } from './store.ts';
import { bindSave as bindTo, event, newRental, nodeSpec, now } from './test-samples.ts';

const lease = { holder: 'first', durationMs: 60_000 };
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
  leader = (await store.acquire(lease)) as Leadership;
});
afterEach(() => pool.close());

const bindSave = (rentalId: string, name: string) => bindTo(store, rentalId, name);

const rent = (id: string) =>
  store.createRental(newRental(id), event({ type: 'rental.created', rentalId: id, tenant: 't' }));

test('gives the lease to one of many, keeps it from others while it runs, and numbers each term', async () => {
  expect(await store.acquire({ ...lease, holder: 'second' })).toBeNull();
  expect(await store.acquire(lease)).toEqual({ token: leader.token + 1 });
  await store.release({ token: leader.token + 1 });
  const holders = Array.from({ length: 8 }, (_, index) => ({ ...lease, holder: `h${index}` }));
  const terms = await Promise.all(holders.map((settings) => store.acquire(settings)));
  expect(terms.filter((term) => term !== null)).toEqual([{ token: leader.token + 2 }]);
});

test('numbers every event once, and shows them in an order that only grows at its end', async () => {
  const seen: number[] = [];
  let writing = true;
  const follow = async () => {
    const everything = { limit: 500, rentalId: null, node: null, type: null };
    for (let more = true; more; ) {
      more = writing;
      const events = await store.listEvents(null, { afterSeq: seen.at(-1) ?? 0, ...everything });
      seen.push(...events.map(({ seq }) => seq));
      more ||= events.length > 0;
    }
  };
  const write = async (writer: number) => {
    for (let step = 0; step < 15; step++) {
      await rent(`r_${writer}x${step}`);
      await store.requestRelease(`r_${writer}x${step}`, now, event({ rentalId: `r_${writer}x${step}` }));
    }
  };
  const number = async () => {
    while (writing) {
      await store.numberEvents(leader);
      await store.save(leader, { events: [event({ node: 'n1' })] });
    }
    await store.numberEvents(leader);
  };
  const following = follow();
  const numbering = number();
  await Promise.all([0, 1, 2, 3].map(write));
  writing = false;
  await numbering;
  await following;
  const filter = { limit: 10_000, rentalId: null, node: null, type: null };
  const all = await store.listEvents(null, { afterSeq: 0, ...filter });
  expect(seen.concat(all.map(({ seq }) => seq).filter((seq) => seq > (seen.at(-1) ?? 0)))).toEqual(
    all.map(({ seq }) => seq),
  );
  expect(all.filter(({ type }) => type === 'rental.created')).toHaveLength(60);
  for (const { seq, rentalId } of all.filter(({ type }) => type === 'rental.created')) {
    expect(all.find((entry) => entry.rentalId === rentalId)?.seq).toBe(seq);
  }
  expect(await store.lastEventSeq()).toBe(all.at(-1)?.seq);
  expect((await store.listRecentEvents(null, { beforeSeq: null, ...filter, limit: 1 }))[0]).toEqual(
    all.at(-1),
  );
});

test('applies the inventory: joins, changes, retires, and takes back', async () => {
  const applied = await store.applyInventory(leader, [nodeSpec('n1'), nodeSpec('n2')], now);
  expect(applied).toEqual({ added: ['n1', 'n2'], changed: [], retiring: [] });
  const [node] = await store.listNodes();
  expect(node?.spec).toEqual(nodeSpec('n1'));
  expect(node?.record).toMatchObject({
    state: 'unknown',
    status: 'unknown',
    nextUid: FIRST_UID,
    stateSince: now,
  });
  const moved = nodeSpec('n1', { port: 2299, labels: { size: 'l' } });
  expect(await store.applyInventory(leader, [moved], now)).toEqual({
    added: [],
    changed: ['n1'],
    retiring: ['n2'],
  });
  expect(await store.applyInventory(leader, [moved], now)).toEqual({ added: [], changed: [], retiring: [] });
  const back = await store.applyInventory(leader, [moved, nodeSpec('n2')], now);
  expect(back).toEqual({ added: [], changed: ['n2'], retiring: [] });
  expect((await store.save(leader, { removeNodes: ['n2'], events: [] })).kind).toBe('conflict');
  await store.applyInventory(leader, [moved], now);
  expect((await store.save(leader, { removeNodes: ['n2'], events: [] })).kind).toBe('saved');
  const filter = { afterSeq: 0, limit: 50, rentalId: null, node: 'n2', type: null };
  const types = (await store.listEvents(null, filter)).map(({ type }) => type);
  expect(types).toEqual(['node.joined', 'node.retiring', 'node.changed', 'node.retiring']);
});

test('raises counters to what a node knows, but not to what no honest node can know', async () => {
  await store.applyInventory(leader, [nodeSpec('n1')], now);
  await store.raiseCounters(leader, { fence: 5_000, node: 'n1', nextUid: 21_000 });
  await store.raiseCounters(leader, { fence: 1, node: 'n1', nextUid: 20_001 });
  await store.raiseCounters(leader, { fence: Number.MAX_VALUE, node: 'n1', nextUid: LAST_UID + 2 });
  expect((await store.loadNode('n1'))?.record.nextUid).toBe(21_000);
  const saved = await store.save(leader, await bindSave('r_1', 'n1'));
  expect(saved.kind === 'saved' && saved.fence).toBeGreaterThan(5_000);
  expect(saved.kind === 'saved' && saved.fence).toBeLessThan(5_100);
  const last = (
    await store.listRecentEvents(null, {
      ...{ beforeSeq: null, limit: 1, rentalId: 'r_1' },
      node: null,
      type: null,
    })
  )[0];
  expect(last?.object).toEqual({ epoch: saved.kind === 'saved' && saved.fence });
});

test('stores when nodes were probed, for all at once, and never sets it back', async () => {
  await store.applyInventory(leader, [nodeSpec('n1'), nodeSpec('n2')], now);
  const later = new Date(now.getTime() + 1);
  await store.saveLastChecked(leader, [
    { node: 'n1', at: later },
    { node: 'n2', at: now },
    { node: 'gone', at: now },
  ]);
  await store.saveLastChecked(leader, [{ node: 'n1', at: now }]);
  expect((await store.listNodes()).map(({ lastCheckedAt }) => lastCheckedAt)).toEqual([later, now]);
  expect((await store.loadNode('n1'))?.record.resourceVersion).toBe(1);
});
