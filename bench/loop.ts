/**
 * Measures a pass of the reconcile loop, without the database, in fleets of different sizes: with nothing due, with
 * one rental, with 1 % of the rentals, and with 1 % of the nodes. The cost per due rental or node must not depend on
 * the size of the fleet. All fleets are measured in turn in one run: the ratio holds where single times do not.
 * `npm run bench loop [PASSES]`.
 */
import { createHealth } from '../src/core/health/health.ts';
import { NO_BOOT } from '../src/core/model/boot.ts';
import { NO_CONTROLS } from '../src/core/model/controls.ts';
import { NEW_INSPECTION_MEMORY } from '../src/core/model/inspection.ts';
import type { Node } from '../src/core/model/node.ts';
import { DEFAULT_POLICY } from '../src/core/model/policy.ts';
import type { Placement, Rental } from '../src/core/model/rental.ts';
import type { Save } from '../src/core/ports/saves.ts';
import type { ReconcileStore } from '../src/core/ports/stores.ts';
import { aNode, aPlacement, aRental, NOW } from '../src/core/rows.fixture.ts';
import { createAnnouncedConditions } from '../src/reconcile/announced-conditions.ts';
import type { Context } from '../src/reconcile/context.ts';
import { createDue } from '../src/reconcile/due.ts';
import { createFleet } from '../src/reconcile/fleet.ts';
import { createLoop } from '../src/reconcile/loop.ts';
import { createOutlook } from '../src/reconcile/outlook.ts';

const SIZES = [1_000, 10_000];
const passes = Number(process.argv[2] ?? 60);
const LENT = 0.8;

/** Rows in memory, each found at once: the cost of a database is not measured here. */
function createRows(size: number) {
  const nodes = new Map<string, Node>();
  const rentals = new Map<string, Rental>();
  const onNode = new Map<string, Placement>();
  let dirty: string[] = [];
  for (let index = 0; index < size; index++) {
    const name = `w${index}`;
    const isLent = index < LENT * size;
    const spec = { zone: `z${index % 4}`, port: 20_000 + (index % 40_000) };
    nodes.set(name, aNode(name, { spec, record: { state: isLent ? 'allocated' : 'free' } }));
    if (!isLent) continue;
    const placement = aPlacement(index + 1, name, { rentalId: `r_${index}` });
    onNode.set(name, placement);
    rentals.set(
      `r_${index}`,
      aRental({
        id: `r_${index}`,
        tenant: `t${index % 50}`,
        placements: [placement],
        record: { phase: 'Active' },
      }),
    );
  }
  const row = <Value>(value: Value | undefined) => (value === undefined ? null : structuredClone(value));
  let fence = size + 1;
  const store = {
    listNodes: async () => [...nodes.values()],
    loadNode: async (name: string) => row(nodes.get(name)),
    listOpenRentals: async () => [...rentals.values()],
    loadRental: async (id: string) => row(rentals.get(id)),
    listPlacementsOnNodes: async (name?: string) =>
      name === undefined ? [...onNode.values()] : [row(onNode.get(name))].filter((each) => each !== null),
    listServices: async () => [],
    listLeaseUses: async () => [],
    listDirtyNodes: async () => [],
    async listDirtyRentals() {
      const taken = dirty;
      dirty = [];
      return taken;
    },
    numberEvents: async () => undefined,
    loadControls: async () => NO_CONTROLS,
    isBreakerOpen: async () => false,
    saveLastChecked: async () => true,
    purge: async () => ({ rentals: 0, events: 0, deliveries: 0 }),
    async save(_leadership: unknown, save: Save) {
      for (const { name, record } of save.nodes ?? [])
        nodes.set(name, { ...(nodes.get(name) as Node), record });
      for (const { id, record } of save.rentals ?? [])
        rentals.set(id, { ...(rentals.get(id) as Rental), record });
      return { kind: 'saved', fence: ++fence };
    },
  } as unknown as ReconcileStore;
  const touch = (ids: string[]) => dirty.push(...ids);
  return { nodes, rentals, store, touch };
}

/** A loop that makes one pass on each call of `pass`, which returns how long it took (ms). */
function createBench(size: number) {
  const { nodes, rentals, store, touch } = createRows(size);
  const quiet = () => undefined;
  const health = { ...createHealth(0), verdict: 'alive', reason: 'Alive', lookedAtMs: 1 } as const;
  let [goOn, ended]: [() => void, (ms: number) => void] = [quiet, quiet];
  let startedAt = 0;
  const due = createDue(quiet);
  const fleet = createFleet(store);
  const observed = {
    fleet,
    policy: () => DEFAULT_POLICY,
    watcher: {
      health: () => health,
      boot: () => NO_BOOT,
      inspection: () => NEW_INSPECTION_MEMORY,
      fill: () => null,
      takeChanged: () => [],
      takeChecked: () => [],
      follow: quiet,
      followNode: quiet,
      probeSoon: quiet,
      confirmAnew: quiet,
    },
    clock: {
      now: () => NOW,
      // The rows are read once, at the start: the cost of the resync is not measured here.
      monotonicMs: () => 1,
      after(_ms: number, callback: () => void) {
        goOn = callback;
        ended(performance.now() - startedAt);
        return quiet;
      },
    },
  };
  const context = {
    ...observed,
    outlook: createOutlook(observed as unknown as Context),
    store,
    leadership: { token: 1 },
    random: () => 0,
    runs: { get: () => null, abort: quiet, settle: quiet },
    announced: createAnnouncedConditions(),
    ownFaults: { current: () => null, isTold: false },
    start: quiet,
    logger: { debug: quiet, info: quiet, warn: quiet, error: (fields: object) => console.error(fields) },
    metrics: { breakerIs: quiet, pausedIs: quiet, passEnded: quiet, stepped: quiet, eventsSaved: quiet },
  };
  const loop = createLoop((parts) => ({ ...context, ...parts }) as unknown as Context, due, {
    onTurn: quiet,
    logScope: (_fields, work) => work(),
  });
  const stop = new AbortController();
  const firstPass = new Promise<number>((done) => {
    ended = done;
  });
  void loop.run(stop.signal);
  async function pass(): Promise<number> {
    const result = new Promise<number>((done) => {
      ended = done;
    });
    startedAt = performance.now();
    goOn();
    return await result;
  }
  const some = <Row>(rows: Map<string, Row>, share: number) => {
    const names = [...rows.keys()];
    return (round: number) =>
      Array.from(
        { length: Math.max(1, Math.round(share * names.length)) },
        (_, index) => names[(7 * index + 13 * round) % names.length] as string,
      );
  };
  const [oneRental, onePercent, someNodes] = [some(rentals, 0), some(rentals, 0.01), some(nodes, 0.01)];
  const cases: Record<string, (round: number) => number> = {
    'nothing due': () => 1,
    'one rental': (round) => touch(oneRental(round)),
    '1 % of rentals': (round) => touch(onePercent(round)),
    '1 % of nodes': (round) => {
      const names = someNodes(round);
      for (const name of names) due.markNode(name);
      return names.length;
    },
  };
  return { firstPass, pass, cases };
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;

const benches = SIZES.map((size) => ({ size, times: new Map<string, number[]>(), ...createBench(size) }));
for (const { firstPass } of benches) await firstPass;
for (let round = 0; round < passes; round++) {
  for (const { pass, cases, times } of benches) {
    for (const [name, makeDue] of Object.entries(cases)) {
      const count = makeDue(round);
      const ms = (await pass()) / count;
      // The first rounds warm up.
      if (round >= passes / 4) times.set(name, [...(times.get(name) ?? []), ms]);
    }
  }
}
const [small, large] = benches as [(typeof benches)[0], (typeof benches)[0]];
for (const name of Object.keys(small.cases)) {
  const [a, b] = [small, large].map(({ times }) => 1_000 * median(times.get(name) as number[])) as [
    number,
    number,
  ];
  console.log(
    `${name.padEnd(16)} ${a.toFixed(1).padStart(8)} us at ${small.size} nodes, ${b.toFixed(1).padStart(8)} us at ${large.size}: ratio ${(b / a).toFixed(2)}`,
  );
}
process.exit(0);
