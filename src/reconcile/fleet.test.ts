import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Node } from '../core/model/node.ts';
import type { Placement, Rental } from '../core/model/rental.ts';
import { isLeaving, isWaiting } from '../core/rental/departure.ts';
import { hasMoved } from '../core/rental/move-turn.ts';
import { aNode, aPlacement, aRental, NOW } from '../core/rows.fixture.ts';
import { createFleet, type FleetStore } from './fleet.ts';

const NODES = ['w1', 'w2', 'w3'];
const RENTALS = ['r_1', 'r_2', 'r_3', 'r_4'];

const byName = (a: Node, b: Node) => (a.spec.name < b.spec.name ? -1 : 1);

/** The rows of a database that others write to. */
function createRows() {
  const nodes = new Map<string, Node>();
  const rentals = new Map<string, Rental>();
  const listPlacements = (name?: string) =>
    [...rentals.values()]
      .flatMap(({ placements }) => placements)
      .filter(
        ({ node, endedAt, cleanedAt }) => (endedAt === null || cleanedAt === null) && node === (name ?? node),
      );
  const store: FleetStore = {
    listNodes: async () => [...nodes.values()],
    loadNode: async (name: string) => nodes.get(name) ?? null,
    listOpenRentals: async () => [...rentals.values()].filter(({ record }) => record.endedAt === null),
    loadRental: async (id: string) => rentals.get(id) ?? null,
    listPlacementsOnNodes: async (name?: string) => listPlacements(name),
    listServices: async () => [],
    listLeaseUses: async () => [],
  };
  return { nodes, rentals, store, listPlacements };
}

const placement: fc.Arbitrary<Placement> = fc
  .record({
    epoch: fc.integer({ min: 1, max: 50 }),
    node: fc.constantFrom(...NODES),
    isReady: fc.boolean(),
    isEnded: fc.boolean(),
  })
  .map(({ epoch, node, isReady, isEnded }) =>
    aPlacement(epoch, node, { readyAt: isReady ? NOW : null, endedAt: isEnded ? NOW : null }),
  );
const rental = fc
  .record({
    id: fc.constantFrom(...RENTALS),
    tenant: fc.constantFrom('a', 'b'),
    placements: fc.array(placement, { maxLength: 3 }),
    isReleased: fc.boolean(),
    hasEnded: fc.boolean(),
  })
  .map(({ id, tenant, placements, isReleased, hasEnded }) =>
    aRental({
      id,
      tenant,
      placements,
      releaseRequestedAt: isReleased ? NOW : null,
      record: { endedAt: hasEnded ? NOW : null },
    }),
  );
const node = fc
  .record({
    name: fc.constantFrom(...NODES),
    state: fc.constantFrom('free', 'dead', 'allocated'),
    zone: fc.constantFrom('x', 'y', null),
    retiring: fc.boolean(),
    draining: fc.boolean(),
  })
  .map(({ name, state, zone, retiring, draining }) =>
    aNode(name, { spec: { zone, retiring }, requests: { draining }, record: { state: state as 'free' } }),
  );
const write = fc.oneof(
  rental.map((row) => ({ kind: 'rental', row }) as const),
  node.map((row) => ({ kind: 'node', row }) as const),
  fc.constantFrom(...NODES).map((name) => ({ kind: 'gone', name }) as const),
  fc.constant({ kind: 'reload' } as const),
);

it('finds at each moment what a search in all rows would find', async () => {
  const property = fc.asyncProperty(fc.array(write, { minLength: 8, maxLength: 40 }), async (writes) => {
    const rows = createRows();
    const fleet = createFleet(rows.store);
    for (const next of writes) {
      if (next.kind === 'reload') await fleet.reload();
      else if (next.kind === 'gone') {
        rows.nodes.delete(next.name);
        await fleet.refreshNode(next.name);
      } else if (next.kind === 'node') {
        rows.nodes.set(next.row.spec.name, next.row);
        await fleet.refreshNode(next.row.spec.name);
      } else {
        const before = rows.rentals.get(next.row.id)?.placements ?? [];
        rows.rentals.set(next.row.id, next.row);
        await fleet.refreshRental(next.row.id);
        for (const each of [...before, ...next.row.placements]) await fleet.refreshNode(each.node);
      }
      const open = [...rows.rentals.values()].filter(({ record }) => record.endedAt === null);
      const ids = (rentals: Rental[]) => rentals.map(({ id }) => id).toSorted();
      const found = fleet.rentals;
      expect(ids([...found.all()])).toEqual(ids(open));
      expect(ids(found.waiting())).toEqual(ids(open.filter(isWaiting)));
      expect(ids(found.leaving())).toEqual(ids(open.filter((each) => isLeaving(each, fleet.nodes.get))));
      expect(ids(found.moved())).toEqual(ids(open.filter(hasMoved)));
      for (const name of NODES)
        expect(ids(found.placedOn(name))).toEqual(
          ids(open.filter(({ placements }) => placements.some((each) => each.node === name))),
        );
      for (const tenant of ['a', 'b'])
        expect(found.heldBy(tenant)).toBe(
          open.filter((each) => each.tenant === tenant && each.placements.some(({ endedAt }) => !endedAt))
            .length,
        );
      expect([...fleet.nodes.all()].toSorted(byName)).toEqual([...rows.nodes.values()].toSorted(byName));
    }
  });
  await fc.assert(property, { numRuns: 400 });
});
