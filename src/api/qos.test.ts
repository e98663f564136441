import { beforeEach, expect, test } from 'vitest';
import type { EventType } from '../core/history/event.ts';
import type { QosView } from '../core/qos/view.ts';
import { type ApiBench, createApiBench, now, sampleNode, samplePlacement } from './api.fixture.ts';

let bench: ApiBench;

beforeEach(async () => {
  bench = await createApiBench();
});

/** Backdates the events that `write` adds. */
function at(secondsAgo: number, write: () => void): void {
  const { events } = bench.store;
  const count = events.length;
  write();
  const moment = new Date(now.getTime() - secondsAgo * 1_000);
  for (const event of events.slice(count)) event.at = moment;
}

/** Rented 100 s ago and ready 90 s ago on w1, which was judged dead 50 s ago; moved to w2 40 s ago. */
async function tellMove(who: 'anna' | 'ben', body = {}): Promise<string> {
  const id = await bench.make(who, body);
  const { store } = bench;
  const rental = store.rentals.get(id);
  if (!rental) throw new Error('no rental');
  for (const event of store.events.slice(-1)) event.at = new Date(now.getTime() - 100_000);
  const place = (node: string, type: EventType, phase: 'Provisioning' | 'Active') => {
    store.setStatus(id, type, { phase }, [samplePlacement(rental, node)]);
    for (const event of store.events.slice(-1)) event.node = node;
  };
  at(95, () => place('w1', 'rental.placed', 'Provisioning'));
  at(90, () => place('w1', 'rental.active', 'Active'));
  at(56, () => failProbes('w1'));
  at(50, () => store.setNodeState('w1', 'node.dead', { state: 'dead', stateSince: now }));
  at(40, () => place('w2', 'rental.migrated', 'Active'));
  return id;
}

function failProbes(name: string): void {
  bench.store.setNodeState(name, 'node.suspect', { unreachableSince: now });
}

async function ask(who: 'anna' | 'ben' | 'admin', query = ''): Promise<QosView> {
  const response = await bench.call(who, `GET /api/qos${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as QosView;
}

test('the fleet: figures, rentals with their names, and how it was over time', async () => {
  for (const name of ['w1', 'w2']) bench.store.addNode(sampleNode(name));
  const stateSince = new Date(now.getTime() - 200_000);
  for (const name of ['w1', 'w2']) at(200, () => bench.store.setNodeState(name, 'node.free', { stateSince }));
  const id = await tellMove('anna', { name: 'mine' });
  const { window, scope, total, rentals, rentalCount, series } = await ask('admin', '?window=2m');
  expect(window).toEqual({ from: '2026-01-02T03:02:05.678Z', to: '2026-01-02T03:04:05.678Z', seconds: 120 });
  expect(scope).toBe('fleet');
  expect(total).toMatchObject({ servedSeconds: 90, withoutNodeSeconds: 16, outages: 1, moves: 1 });
  expect(total.availability).toBeCloseTo(74 / 90);
  expect(total.times).toEqual({
    detection: { count: 1, medianSeconds: 6, p95Seconds: 6, maxSeconds: 6 },
    move: { count: 1, medianSeconds: 10, p95Seconds: 10, maxSeconds: 10 },
    outage: { count: 1, medianSeconds: 16, p95Seconds: 16, maxSeconds: 16 },
    provisioning: { count: 1, medianSeconds: 5, p95Seconds: 5, maxSeconds: 5 },
    queueWait: { count: 1, medianSeconds: 5, p95Seconds: 5, maxSeconds: 5 },
  });
  expect(rentalCount).toBe(1);
  expect(rentals).toMatchObject([{ id, name: 'mine', tenant: 'anna', phase: 'Active', moves: 1 }]);
  expect(series.bucketSeconds).toBe(2);
  expect(series.buckets).toHaveLength(61);
  expect(series.buckets[0]).toMatchObject({ nodes: { free: 2, dead: 0 }, rentals: { Active: 0 } });
  expect(series.buckets.at(-1)).toMatchObject({
    nodes: { dead: 1 },
    rentals: { Active: 1 },
    availability: 1,
  });
});

test('a tenant sees figures of their own rentals, and nothing of the nodes', async () => {
  for (const name of ['w1', 'w2', 'w3']) bench.store.addNode(sampleNode(name));
  await tellMove('anna');
  at(30, () => failProbes('w3'));
  at(20, () => bench.store.setNodeState('w3', 'node.dead', { state: 'dead' }));
  const own = await ask('anna', '?window=1h');
  expect(own).toMatchObject({
    scope: 'tenant',
    rentalCount: 1,
    total: { times: { detection: { count: 1 } } },
  });
  expect(own.series.buckets.every(({ nodes }) => nodes === null)).toBe(true);
  expect(await ask('ben', '?window=1h')).toMatchObject({
    rentalCount: 0,
    rentals: [],
    total: { availability: null, servedSeconds: 0 },
  });
  expect((await ask('admin')).total.times.detection.count).toBe(2);
});

test('one rental, by its name or id; those of others are not there', async () => {
  for (const name of ['w1', 'w2']) bench.store.addNode(sampleNode(name));
  const id = await tellMove('anna', { name: 'mine' });
  await bench.make('anna', { name: 'other' });
  for (const rental of ['mine', id]) {
    expect(await ask('anna', `?rental=${rental}`)).toMatchObject({ scope: 'rental', rentals: [{ id }] });
  }
  expect((await bench.call('ben', `GET /api/qos?rental=${id}`)).status).toBe(404);
});

test('the longest without a node come first, and as many as were asked for', async () => {
  for (const name of ['w1', 'w2']) bench.store.addNode(sampleNode(name));
  await bench.make('ben');
  const id = await tellMove('anna');
  await bench.make('ben');
  // An event at this very moment would belong to the next window.
  for (const event of bench.store.events) if (event.at >= now) event.at = new Date(now.getTime() - 1);
  const { rentals, rentalCount } = await ask('admin', '?limit=1');
  expect({ rentalCount, ids: rentals.map((rental) => rental.id) }).toEqual({ rentalCount: 3, ids: [id] });
});

test.each([
  'window=59s',
  'window=91d',
  'window=24',
  'windw=1h',
  'limit=0',
  'limit=501',
  'window=1h&window=2h',
])('%s is refused', async (query) => {
  const response = await bench.call('admin', `GET /api/qos?${query}`);
  expect(response.status).toBe(422);
});

test.each(['1m', '90m', '1h30m', '24h', '7d', '90d'])(
  'a window of %s has buckets for a chart',
  async (window) => {
    const { series } = await ask('admin', `?window=${window}`);
    expect(series.buckets.length).toBeGreaterThan(40);
    expect(series.buckets.length).toBeLessThanOrEqual(101);
  },
);
