import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../model/node.ts';
import type { Rental } from '../model/rental.ts';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { createDemand } from './demand.ts';
import { matches } from './placement.ts';
import {
  addServices,
  compareAge,
  countHeld,
  createStandings,
  nextInTurn,
  orderQueue,
  type Standings,
} from './queue.ts';

const HOUR = 3_600_000;
const at = (ms: number) => new Date(NOW.getTime() + ms);
const TENANTS = ['a', 'b', 'c'] as const;

function waiting(id: string, tenant: string, ms: number, zone: string | null = null): Rental {
  return aRental({ id, tenant, createdAt: at(ms), spec: { selector: { matchLabels: {}, zone } } });
}
const ids = (rentals: Rental[]) => rentals.map(({ id }) => id);

/** A queue of up to 30 rentals, and how many machines each tenant has. */
const queues = fc.record({
  rentals: fc
    .array(fc.record({ tenant: fc.constantFrom(...TENANTS), ms: fc.nat(1_000) }), { maxLength: 30 })
    .map((list) => list.map(({ tenant, ms }, index) => waiting(`r_${index + 10}`, tenant, ms))),
  held: fc.record({ a: fc.nat(5), b: fc.nat(5), c: fc.nat(5) }),
  served: fc.record({ a: fc.nat(2_000), b: fc.nat(2_000), c: fc.nat(2_000) }),
});
function standingsFor(
  held: Record<string, number>,
  served: Record<string, number> = {},
  machineMs = 1_000 * HOUR,
): Standings {
  return {
    held: (tenant) => held[tenant] ?? 0,
    servedMs: ({ tenant }) => (served[tenant] ? NOW.getTime() + served[tenant] : 0),
    machineMs,
  };
}

describe('the queue', () => {
  it('names everybody once, each tenant’s oldest first, the same from whatever order it is given in', () => {
    fc.assert(
      fc.property(queues, fc.nat(), ({ rentals, held, served }, turn) => {
        const standings = standingsFor(held, served);
        const order = orderQueue(rentals, standings);
        expect(ids(order).toSorted()).toEqual(ids(rentals).toSorted());
        for (const tenant of TENANTS) {
          const own = order.filter((rental) => rental.tenant === tenant);
          const byAge = own.toSorted((a, b) => +a.createdAt - +b.createdAt || (a.id < b.id ? -1 : 1));
          expect(ids(own)).toEqual(ids(byAge));
        }
        const cut = rentals.length === 0 ? 0 : turn % rentals.length;
        const other = [...rentals.slice(cut), ...rentals.slice(0, cut)].toReversed();
        expect(ids(orderQueue(other, standings))).toEqual(ids(order));
      }),
    );
  });

  it('gives nobody another machine while somebody who waits has fewer', () => {
    fc.assert(
      fc.property(queues, ({ rentals, held, served }) => {
        const has: Record<string, number> = { ...held };
        const order = orderQueue(rentals, standingsFor(held, served));
        for (const [index, { tenant }] of order.entries()) {
          for (const other of order.slice(index))
            expect(has[tenant]).toBeLessThanOrEqual(has[other.tenant] ?? 0);
          has[tenant] = (has[tenant] ?? 0) + 1;
        }
      }),
    );
  });

  it('is the order in which they are served, one after the other, when nothing else happens', () => {
    fc.assert(
      fc.property(queues, ({ rentals, held, served }) => {
        const predicted = ids(orderQueue(rentals, standingsFor(held, served)));
        const has: Record<string, number> = { ...held };
        const last: Record<string, number> = { ...served };
        let left = rentals;
        const order: string[] = [];
        for (let ms = 3_000; left.length > 0; ms += 1_000) {
          const next = nextInTurn(left, standingsFor(has, last), ['a node'], () => true) as Rental;
          order.push(next.id);
          left = left.filter((rental) => rental !== next);
          has[next.tenant] = (has[next.tenant] ?? 0) + 1;
          last[next.tenant] = ms;
        }
        expect(order).toEqual(predicted);
      }),
    );
  });

  it('lets a request that came later before the many of another tenant', () => {
    const many = Array.from({ length: 9 }, (_, index) => waiting(`r_1${index}`, 'a', index));
    const order = ids(orderQueue([...many, waiting('r_2', 'b', 500)], standingsFor({ a: 1, b: 0 })));
    expect(order.indexOf('r_2')).toBe(0);
    // With equally many machines they take turns, and the tenant that was served longer ago begins.
    const equal = [...many, waiting('r_2', 'b', 500), waiting('r_3', 'b', 600)];
    expect(ids(orderQueue(equal, standingsFor({}, { a: 900 }))).slice(0, 4)).toEqual([
      'r_2',
      'r_10',
      'r_3',
      'r_11',
    ]);
  });

  it('lets a long wait outrank holding fewer machines', () => {
    const old = waiting('r_1', 'a', -5 * HOUR);
    const order = (machineMs: number) =>
      ids(orderQueue([waiting('r_2', 'b', 0), old], standingsFor({ a: 2 }, {}, machineMs)));
    expect(order(3 * HOUR)).toEqual(['r_2', 'r_1']);
    expect(order(2 * HOUR)).toEqual(['r_1', 'r_2']);
  });
});

it('lets each wait for its own kind of node, whatever older ones of its tenant wait for', () => {
  const q = waiting('r_1', 'a', 0, 'q');
  const p = waiting('r_2', 'a', 10, 'p');
  const any = waiting('r_3', 'b', 50);
  const standings = { ...standingsFor({}), servedMs: ({ id }: Rental) => (id === 'r_1' ? +at(100) : 0) };
  const next = (free: string[]) =>
    nextInTurn([q, p, any], standings, free, ({ spec: { selector } }, zone) =>
      [null, zone].includes(selector.zone),
    );
  expect(next(['p', 'q'])?.id).toBe('r_2');
  expect(next(['q'])?.id).toBe('r_3');
  expect(next([])).toBeUndefined();
});

it('counts a machine once while its client moves, and no turn that came to nothing', () => {
  const moving = [
    aPlacement(1, 'x'),
    aPlacement(2, 'y', { role: 'incoming', readyAt: null, startedAt: at(9) }),
  ];
  const gone = aPlacement(3, 'z', { readyAt: null, endedAt: at(5), endReason: 'DiskFull', startedAt: at(4) });
  const rentals = [aRental({ placements: moving }), aRental({ id: 'r_2', placements: [gone] })];
  const services = new Map<string, Map<string, number>>();
  addServices(services, rentals);
  const standings = createStandings(countHeld(rentals), services, (_rental, node) => node !== 'y', HOUR);
  expect(standings.held('lab')).toBe(1);
  expect(standings.held('nobody')).toBe(0);
  expect(standings.servedMs(aRental())).toBe(NOW.getTime());
  const onAny = createStandings(countHeld(rentals), services, () => true, HOUR);
  expect(onAny.servedMs(aRental())).toBe(at(9).getTime());
});

/** A fleet at work: which tenant comes when, what it needs, and how long it stays. */
const stories = fc.array(
  fc.record({
    tenant: fc.constantFrom(...TENANTS),
    zone: fc.constantFrom(null, null, 'p', 'q'),
    comesMs: fc.nat(40_000),
    staysMs: fc.integer({ min: 500, max: 6_000 }),
  }),
  { minLength: 20, maxLength: 60 },
);
const MACHINE_MS = 4_000;

interface Overtaking {
  rental: string;
  node: string;
  /** How often each other tenant took this node after the rental, its own tenant's oldest, had waited long enough. */
  byTenant: Map<string, number>;
}

/** Plays it on three nodes as the reconciler would. Returns which rentals were overtaken, and which never served. */
function play(story: typeof stories extends fc.Arbitrary<infer Story> ? Story : never) {
  const nodes = ['p', 'q', 'q'].map((zone, index) => aNode(`n${index}`, { spec: { zone } }));
  const fits = (rental: Rental, name: string) =>
    nodes.some((node) => node.spec.name === name && matches(rental.spec.selector, node));
  const coming = story.map((one, index) => ({
    ...one,
    rental: waiting(`r_${index + 100}`, one.tenant, one.comesMs, one.zone),
  }));
  const services = new Map<string, Map<string, number>>();
  const heldOn = new Map<Node, { rental: Rental; untilMs: number }>();
  /** When each rental's wait outweighs its tenant's machines. */
  const turnMs = new Map<string, number>();
  const overtaken = new Map<string, Overtaking>();
  let left = coming;
  for (let ms = 0; ms <= 400_000 && left.length > 0; ms += 500) {
    for (const [node, { untilMs }] of heldOn) if (untilMs <= ms) heldOn.delete(node);
    for (;;) {
      const here = left.filter(({ comesMs }) => comesMs <= ms).map(({ rental }) => rental);
      const free = nodes.filter((node) => !heldOn.has(node));
      const served = [...heldOn.values()].map(({ rental }) => ({
        ...rental,
        placements: [aPlacement(1, 'x')],
      }));
      const standings = createStandings(countHeld(served), services, fits, MACHINE_MS);
      for (const rental of here) {
        const sinceMs = Math.max(+rental.createdAt, standings.servedMs(rental)) - +NOW;
        const weightMs = sinceMs + standings.held(rental.tenant) * MACHINE_MS;
        if (weightMs <= (turnMs.get(rental.id) ?? -1)) continue;
        // Its tenant was served elsewhere, which counts as its turn too.
        turnMs.set(rental.id, weightMs);
        for (const node of nodes) overtaken.delete(`${rental.id}/${node.spec.name}`);
      }
      const next = nextInTurn(here, standings, free, (one, node) => matches(one.spec.selector, node));
      if (!next) break;
      const demand = createDemand(
        here,
        nodes.map((node) => ({ ...node, count: 1 })),
      );
      const [node] = free
        .filter((each) => matches(next.spec.selector, each))
        .toSorted((a, b) => demand.pickierThan(next, a) - demand.pickierThan(next, b)) as [Node];
      const { name } = node.spec;
      for (const other of here) {
        const isOldest = here.every(
          (own) => own.tenant !== other.tenant || !fits(own, name) || compareAge(own, other) >= 0,
        );
        const hasWaited = ms > (turnMs.get(other.id) ?? 0);
        if (other.tenant === next.tenant || !fits(other, name) || !isOldest || !hasWaited) continue;
        const key = `${other.id}/${name}`;
        const entry = overtaken.get(key) ?? { rental: other.id, node: name, byTenant: new Map() };
        entry.byTenant.set(next.tenant, (entry.byTenant.get(next.tenant) ?? 0) + 1);
        overtaken.set(key, entry);
      }
      const { staysMs } = left.find(({ rental }) => rental === next) as { staysMs: number };
      heldOn.set(node, { rental: next, untilMs: ms + staysMs });
      const nodesOf = services.get(next.tenant) ?? new Map<string, number>();
      services.set(next.tenant, nodesOf.set(name, at(ms).getTime()));
      left = left.filter(({ rental }) => rental !== next);
    }
  }
  return { overtaken: [...overtaken.values()], neverServed: left.map(({ rental }) => rental.id) };
}

describe('a fleet at work', () => {
  it('serves everybody; who waited for long is overtaken at a node at most once by each other tenant', () => {
    fc.assert(
      fc.property(stories, (story) => {
        const { overtaken, neverServed } = play(story);
        expect(neverServed).toEqual([]);
        for (const { rental, node, byTenant } of overtaken) {
          expect(Math.max(...byTenant.values()), `${rental} at ${node}`).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('lets a picky rental have its only node although others with fewer machines keep coming for any', () => {
    const keeps = { tenant: 'a' as const, zone: 'q' as const, comesMs: 0, staysMs: 200_000 };
    const picky = { tenant: 'a' as const, zone: 'p' as const, comesMs: 600, staysMs: 1_000 };
    const stream = Array.from({ length: 50 }, (_, index) => {
      return { tenant: 'b' as const, zone: null, comesMs: 400 + index * 300, staysMs: 1_000 };
    });
    const { neverServed, overtaken } = play([keeps, keeps, ...stream, picky]);
    expect(neverServed).toEqual([]);
    expect(overtaken.filter(({ rental }) => rental === 'r_152').length).toBeLessThanOrEqual(1);
  });
});
