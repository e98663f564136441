import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FIRST_UID } from '../core/node.ts';
import type { Leadership, Save } from '../core/store-ports.ts';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { migrate } from './migrate.ts';
import { insertPlacement } from './placements.ts';
import { createPool, type Pool } from './pool.ts';
import { createStore, type Store } from './store.ts';
import { bindSave as bindTo, event, fleetOf, newRental, nodeSpec, now } from './test-samples.ts';
import { inTransaction } from './transaction.ts';

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

test('makes double allocation impossible: of 40 claimers of 5 nodes, 5 win, one each', async () => {
  const names = ['n1', 'n2', 'n3', 'n4', 'n5'];
  await store.applyInventory(leader, fleetOf(names.map((name) => nodeSpec(name))), now);
  const claim = async (index: number) => {
    const name = names[index % names.length] as string;
    for (let attempt = 0; attempt < 3; attempt++) {
      const result = await store.save(leader, await bindSave(`r_${index}`, name));
      if (result.kind === 'saved') return 1;
      await sleep(Math.random() * 5);
    }
    return 0;
  };
  const won = await Promise.all(Array.from({ length: 40 }, (_, index) => claim(index)));
  expect(won.filter(Boolean)).toHaveLength(5);
  const live = await store.listPlacementsOnNodes();
  expect(live.map(({ node }) => node).sort()).toEqual(names);
  expect((await store.listOccupants()).size).toBe(5);
});

test('makes double allocation impossible by the unique key alone', async () => {
  const uid = FIRST_UID;
  const claim = (epoch: number) =>
    inTransaction(pool, (session) =>
      insertPlacement(
        session,
        { rentalId: `r_${epoch}`, node: 'n1', role: 'serving', account: 'orion-x', uid, startedAt: now },
        epoch,
      ),
    );
  const won = await Promise.all(Array.from({ length: 40 }, (_, index) => claim(index + 1)));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(await store.listPlacementsOnNodes()).toHaveLength(1);
});

test('lets a rental have one placement of each role, and swaps roles in one save', async () => {
  await store.applyInventory(leader, fleetOf([nodeSpec('n1'), nodeSpec('n2'), nodeSpec('n3')]), now);
  const first = await store.save(leader, await bindSave('r_1', 'n1'));
  expect(await store.save(leader, await bindSave('r_1', 'n2'))).toEqual({ kind: 'conflict' });
  const incoming = await bindSave('r_1', 'n2');
  if (incoming.bind) incoming.bind.role = 'incoming';
  const second = await store.save(leader, incoming);
  if (first.kind !== 'saved' || second.kind !== 'saved') throw new Error('not saved');
  expect(second.fence).toBeGreaterThan(first.fence);
  const swap: Save['placements'] = [
    { epoch: second.fence, set: { role: 'serving' } },
    { epoch: first.fence, set: { endedAt: now, endReason: 'Moved' } },
  ];
  expect((await store.save(leader, { placements: swap, events: [] })).kind).toBe('saved');
  expect(await store.save(leader, { placements: swap, events: [] })).toEqual({ kind: 'conflict' });
  expect(await store.listPlacementsOnNodes('n1')).toMatchObject([{ epoch: first.fence, endedAt: now }]);
  expect((await store.save(leader, { cleaned: { epochs: [first.fence], at: now }, events: [] })).kind).toBe(
    'saved',
  );
  expect(await store.listPlacementsOnNodes('n1')).toEqual([]);
  const live = { cleaned: { epochs: [second.fence], at: now }, events: [] };
  expect(await store.save(leader, live)).toEqual({ kind: 'conflict' });
});

test('writes all of a save or nothing when one guard does not hold', async () => {
  await store.applyInventory(leader, fleetOf([nodeSpec('n1'), nodeSpec('n2')]), now);
  const stale = await bindSave('r_1', 'n1');
  const other = await bindSave('r_2', 'n2');
  await store.save(leader, { nodes: stale.nodes ?? [], events: [] });
  const last = await store.lastEventSeq();
  const both = { ...other, nodes: [...(other.nodes ?? []), ...(stale.nodes ?? [])] };
  expect(await store.save(leader, both)).toEqual({ kind: 'conflict' });
  expect((await store.loadNode('n2'))?.record.resourceVersion).toBe(1);
  expect(await store.listPlacementsOnNodes()).toEqual([]);
  expect(await store.lastEventSeq()).toBe(last);
});

test('refuses every write of a leader that was deposed, and of one whose lease ran out', async () => {
  await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
  await store.release(leader);
  const successor = (await store.acquire({ ...lease, holder: 'second' })) as Leadership;
  expect(await store.save(leader, await bindSave('r_1', 'n1'))).toEqual({ kind: 'deposed' });
  expect(await store.applyInventory(leader, fleetOf([]), now)).toBe('deposed');
  expect(await store.raiseCounters(leader, { fence: 9, node: 'n1', nextUid: 30_000 })).toBe(false);
  expect(await store.saveLastChecked(leader, [{ node: 'n1', at: now }])).toBe(false);
  expect(await store.renew(leader, lease)).toBe(false);
  expect(await store.renew(successor, { holder: 'second', durationMs: 50 })).toBe(true);
  await sleep(80);
  expect(await store.save(successor, await bindSave('r_1', 'n1'))).toEqual({ kind: 'deposed' });
  expect((await store.loadNode('n1'))?.lastCheckedAt).toBeNull();
});

/** The same database through a pool on which every COMMIT comes late; `paused` settles when the first one is due. */
function slowToCommit(pauseMs: number): { slow: Store; paused: Promise<void> } {
  let report: (() => void) | undefined;
  const paused = new Promise<void>((done) => {
    report = done;
  });
  const slow = createStore({
    ...pool,
    withSession: (work, options) =>
      pool.withSession((session) => {
        const execute: typeof session.execute = async (text, values) => {
          if (text === 'COMMIT') {
            report?.();
            await sleep(pauseMs);
          }
          return await session.execute(text, values);
        };
        return work({ ...session, execute });
      }, options),
  });
  return { slow, paused };
}

test('makes a successor wait for a save that is in its middle, so that none lands after the take-over', async () => {
  await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
  const { slow, paused } = slowToCommit(1_500);
  await store.renew(leader, { ...lease, durationMs: 300 });
  const late = slow.save(leader, await bindSave('r_1', 'n1'));
  await paused;
  await sleep(400);
  expect(await store.acquire({ ...lease, holder: 'second' })).toEqual({ token: leader.token + 1 });
  expect(await store.listPlacementsOnNodes()).toHaveLength(1);
  expect((await late).kind).toBe('saved');
});

test('ends a save that stands still in its middle, so that a successor need not wait for ever', async () => {
  await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
  const { slow, paused } = slowToCommit(4_500);
  await store.renew(leader, { ...lease, durationMs: 300 });
  const outcome = slow.save(leader, await bindSave('r_1', 'n1')).catch((error: unknown) => error);
  await paused;
  await sleep(400);
  expect(await store.acquire({ ...lease, holder: 'second' })).toEqual({ token: leader.token + 1 });
  expect(await outcome).toMatchObject({ name: 'StoreError', kind: 'unknown' });
  expect(await store.listPlacementsOnNodes()).toEqual([]);
});

test('leaves a rental marked when the API wrote after the reconciler had looked', async () => {
  await rent('r_1');
  const rental = await store.loadRental('r_1');
  if (!rental) throw new Error('no rental');
  const change = { id: 'r_1', seenGeneration: 1, seenReleaseRequested: false };
  await store.requestRelease('r_1', now, event({ rentalId: 'r_1' }));
  const first = await store.save(leader, { rentals: [{ ...change, record: rental.record }], events: [] });
  expect(first.kind).toBe('saved');
  expect(await store.listDirtyRentals()).toEqual(['r_1']);
  const record = { ...rental.record, resourceVersion: 2, observedGeneration: 1 };
  const seen = { ...change, seenReleaseRequested: true, record };
  expect((await store.save(leader, { rentals: [seen], events: [] })).kind).toBe('saved');
  expect(await store.listDirtyRentals()).toEqual([]);
  expect(await store.save(leader, { rentals: [seen], events: [] })).toEqual({ kind: 'conflict' });
});

test('refuses a binding without the record of its node', async () => {
  await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
  const { bind, events } = await bindSave('r_1', 'n1');
  await expect(store.save(leader, { ...(bind ? { bind } : {}), events })).rejects.toThrow(TypeError);
});
