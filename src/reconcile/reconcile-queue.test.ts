import { beforeEach, expect, test } from 'vitest';
import { CLOSED_BREAKER } from '../core/health/breaker.ts';
import { createHealth } from '../core/health/health.ts';
import { findCondition } from '../core/model/condition.ts';
import { NEW_INSPECTION_MEMORY } from '../core/model/inspection.ts';
import type { Node } from '../core/model/node.ts';
import { DEFAULT_POLICY } from '../core/model/policy.ts';
import type { Rental } from '../core/model/rental.ts';
import type { Save } from '../core/ports/saves.ts';
import type { ReconcileStore } from '../core/ports/stores.ts';
import { aNode, aRental, NOW } from '../core/rows.fixture.ts';
import type { Context } from './context.ts';
import { createFleet } from './fleet.ts';
import { createOutlook } from './outlook.ts';
import { createQueue } from './reconcile-queue.ts';

/** Number of times that a rental's selector was read. */
let questions = 0;
let nodes: Node[];
let rentals: Map<string, Rental>;
let policy = DEFAULT_POLICY;
let saves = 0;
let nowMs = 0;
/** What was marked due at a later time. */
let timed: string[] = [];

function wants(id: string, zone: string, generation = 1): Rental {
  const rental = aRental({ id, generation });
  const selector = {
    matchLabels: {},
    get zone() {
      questions++;
      return zone;
    },
  };
  return { ...rental, placements: [], spec: { ...rental.spec, selector, whenFull: 'queue' } };
}

const store = {
  listNodes: async () => nodes,
  loadNode: async (name: string) => nodes.find(({ spec }) => spec.name === name) ?? null,
  listOpenRentals: async () => [...rentals.values()],
  loadRental: async (id: string) => rentals.get(id) ?? null,
  listPlacementsOnNodes: async () => [],
  listServices: async () => [],
  listLeaseUses: async () => [],
  async save(_: unknown, save: Save) {
    saves++;
    for (const { id, record } of save.rentals ?? []) {
      const before = rentals.get(id) as Rental;
      rentals.set(id, { ...before, record: { ...record, resourceVersion: record.resourceVersion + 1 } });
    }
    return { kind: 'saved', fence: saves };
  },
} as unknown as ReconcileStore;

function createBench() {
  const fleet = createFleet(store);
  const observed = {
    fleet,
    policy: () => policy,
    watcher: {
      health: () => createHealth(0),
      inspection: () => NEW_INSPECTION_MEMORY,
      takeChanged: () => [],
    },
    clock: { now: () => NOW, monotonicMs: () => nowMs },
  };
  const context = {
    ...observed,
    outlook: createOutlook(observed as unknown as Context),
    store,
    leadership: { token: 1 },
    random: () => 0,
    due: {
      markAt: (key: string) => void timed.push(key),
      markRental: () => undefined,
      markNode: () => undefined,
    },
    breaker: () => CLOSED_BREAKER,
    controls: { pause: () => null, isOverridden: () => false },
    metrics: { stepped: () => undefined },
  } as unknown as Context;
  const queue = createQueue(context);
  /** Makes a pass. Returns how often it read a rental's selector. */
  const pass = async (dirty: string[] = []): Promise<number> => {
    for (const id of dirty) await fleet.refreshRental(id);
    questions = 0;
    await queue.reconcile(dirty, new Set(dirty));
    return questions;
  };
  return { fleet, pass };
}

beforeEach(() => {
  policy = DEFAULT_POLICY;
  saves = 0;
  nowMs = 0;
  timed = [];
  nodes = [aNode('w1', { spec: { zone: 'here' } }), aNode('w2', { spec: { zone: 'here' } })];
  rentals = new Map(Array.from({ length: 500 }, (_, n) => [`r_${n}`, wants(`r_${n}`, 'nowhere')] as const));
});

const reasonOf = (id: string) => findCondition(rentals.get(id)?.record.conditions ?? [], 'Ready')?.reason;

test('rentals that no node can ever match cost a pass nothing, however many wait', async () => {
  const { fleet, pass } = createBench();
  await fleet.reload();
  expect(await pass()).toBeGreaterThan(500);
  expect(reasonOf('r_7')).toBe('Unsatisfiable');
  expect(saves).toBe(500);
  expect(await pass()).toBe(0);
  // A resync, which reads every row anew, costs nothing either.
  await fleet.reload();
  expect(await pass()).toBe(0);
  expect(saves).toBe(500);
});

test('one that was written is decided again, and no other', async () => {
  const { fleet, pass } = createBench();
  await fleet.reload();
  await pass();
  rentals.set('r_7', wants('r_7', 'elsewhere', 2));
  const asked = await pass(['r_7']);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(20);
});

test.each<[string, () => void]>([
  ['joins', () => nodes.push(aNode('w3', { spec: { zone: 'nowhere' } }))],
  [
    'is described anew',
    () => (nodes = nodes.map((node, n) => (n ? node : aNode('w1', { spec: { zone: 'nowhere' } })))),
  ],
])('all are decided again when a node %s', async (_, change) => {
  const { fleet, pass } = createBench();
  await fleet.reload();
  await pass();
  change();
  nowMs += 1_000;
  await fleet.reload();
  expect(await pass()).toBeGreaterThan(500);
  expect(reasonOf('r_7')).not.toBe('Unsatisfiable');
});

test('all are decided again when the policy is another', async () => {
  const { fleet, pass } = createBench();
  await fleet.reload();
  await pass();
  policy = { ...DEFAULT_POLICY };
  nowMs += 1_000;
  expect(await pass()).toBeGreaterThan(500);
  expect(await pass()).toBe(0);
});

test('places are computed once a second, and in between only what is due is decided', async () => {
  rentals = new Map(Array.from({ length: 500 }, (_, n) => [`r_${n}`, wants(`r_${n}`, 'here')] as const));
  const placeOf = (id: string) => rentals.get(id)?.record.queuePosition;
  const { fleet, pass } = createBench();
  await fleet.reload();
  await pass();
  expect([saves, placeOf('r_0'), placeOf('r_1')]).toEqual([500, 1, 2]);
  expect(timed).toEqual([]);

  const kept = placeOf('r_7');
  rentals.delete('r_0');
  rentals.set('r_new', wants('r_new', 'here'));
  rentals.set('r_7', { ...(rentals.get('r_7') as Rental), generation: 2 });
  nowMs = 999;
  await fleet.reload();
  const asked = await pass(['r_new', 'r_7']);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(20);
  expect([saves, reasonOf('r_new'), placeOf('r_new')]).toEqual([502, 'NoFreeNode', null]);
  expect(rentals.get('r_7')?.record).toMatchObject({ observedGeneration: 2, queuePosition: kept });
  // Without a further change, this is what makes the next pass give the others their new places.
  expect(timed).toEqual(['rental/r_1']);

  nowMs = 1_000;
  await pass();
  expect(saves).toBe(1_002);
  expect([placeOf('r_1'), placeOf('r_new')]).toEqual([1, 500]);
});
