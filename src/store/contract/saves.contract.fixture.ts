import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { CleaningReport } from '../../core/model/rental.ts';
import type { Leadership } from '../../core/ports/leadership.ts';
import type { Save } from '../../core/ports/saves.ts';
import type { PlacementDecision } from '../../core/scheduling/placement-decision.ts';
import { type ContractBench, lease } from './contract.fixture.ts';
import { bindSave as bindTo, event, fleetOf, newRental, nodeSpec, now } from './samples.fixture.ts';

/** A save: all or nothing, guarded by leadership, the versions of its rows, and the unique keys. */
export function testSaves(bench: ContractBench): void {
  const bindSave = (rentalId: string, name: string) => bindTo(bench.store, rentalId, name);

  const rent = (id: string) =>
    bench.store.createRental(newRental(id), event({ type: 'rental.created', rentalId: id, tenant: 't' }));

  test('makes double allocation impossible: of 40 claimers of 5 nodes, 5 win, one each', async () => {
    const names = ['n1', 'n2', 'n3', 'n4', 'n5'];
    await bench.store.applyInventory(bench.leader, fleetOf(names.map((name) => nodeSpec(name))), now);
    const claim = async (index: number) => {
      const name = names[index % names.length] as string;
      for (let attempt = 0; attempt < 3; attempt++) {
        const result = await bench.store.save(bench.leader, await bindSave(`r_${index}`, name));
        if (result.kind === 'saved') return 1;
        await sleep(Math.random() * 5);
      }
      return 0;
    };
    const won = await Promise.all(Array.from({ length: 40 }, (_, index) => claim(index)));
    expect(won.filter(Boolean)).toHaveLength(5);
    const live = await bench.store.listPlacementsOnNodes();
    expect(live.map(({ node }) => node).sort()).toEqual(names);
    expect((await bench.store.listOccupants()).size).toBe(5);
  });

  test('lets a rental have one placement of each role, and swaps roles in one save', async () => {
    await bench.store.applyInventory(
      bench.leader,
      fleetOf([nodeSpec('n1'), nodeSpec('n2'), nodeSpec('n3')]),
      now,
    );
    const first = await bench.store.save(bench.leader, await bindSave('r_1', 'n1'));
    expect(await bench.store.save(bench.leader, await bindSave('r_1', 'n2'))).toEqual({ kind: 'conflict' });
    const incoming = await bindSave('r_1', 'n2');
    if (incoming.bind) incoming.bind.role = 'incoming';
    const second = await bench.store.save(bench.leader, incoming);
    if (first.kind !== 'saved' || second.kind !== 'saved') throw new Error('not saved');
    expect(second.fence).toBeGreaterThan(first.fence);
    const swap: Save['placements'] = [
      { epoch: second.fence, set: { role: 'serving' } },
      { epoch: first.fence, set: { endedAt: now, endReason: 'Moved' } },
    ];
    expect((await bench.store.save(bench.leader, { placements: swap, events: [] })).kind).toBe('saved');
    expect(await bench.store.save(bench.leader, { placements: swap, events: [] })).toEqual({
      kind: 'conflict',
    });
    expect(await bench.store.listPlacementsOnNodes('n1')).toMatchObject([
      { epoch: first.fence, endedAt: now },
    ]);
    expect(
      (await bench.store.save(bench.leader, { cleaned: { epochs: [first.fence], at: now }, events: [] }))
        .kind,
    ).toBe('saved');
    expect(await bench.store.listPlacementsOnNodes('n1')).toEqual([]);
    const live = { cleaned: { epochs: [second.fence], at: now }, events: [] };
    expect(await bench.store.save(bench.leader, live)).toEqual({ kind: 'conflict' });
  });

  test('keeps with a placement what it was decided from', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1'), nodeSpec('n2')]), now);
    const decision: PlacementDecision = {
      usable: 1,
      breaker: { open: false, message: '' },
      rank: { failedHere: 0, pickier: 0, failedLatelyMs: 0, inZone: 0, restedSinceMs: 0 },
      passedOver: { nodes: [{ node: 'n2', reason: 'NotVerified' }], others: [] },
    };
    const { bind, ...rest } = await bindSave('r_1', 'n1');
    if (!bind) throw new Error('no binding');
    const saved = await bench.store.save(bench.leader, { ...rest, bind: { ...bind, decision } });
    const other = await bench.store.save(bench.leader, await bindSave('r_2', 'n2'));
    if (saved.kind !== 'saved' || other.kind !== 'saved') throw new Error('not saved');
    expect(await bench.store.loadDecision(saved.fence)).toEqual(decision);
    expect(await bench.store.loadDecision(other.fence)).toBeNull();
    expect(await bench.store.loadDecision(90_000)).toBeNull();
    expect(await bench.store.listPlacementsOnNodes('n1')).not.toHaveProperty('0.decision');
  });

  test('keeps with a placement what cleaning its node said, once it has ended', async () => {
    const { store, leader } = bench;
    await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
    const bound = await store.save(leader, await bindSave('r_1', 'n1'));
    if (bound.kind !== 'saved') throw new Error('not saved');
    const epoch = bound.fence;
    const report: CleaningReport = {
      attempts: 2,
      outcome: 'failed',
      reason: 'ResidueFound',
      message: 'found a file',
      at: 'then',
      found: { at: 'then', items: ['a file'], more: 0 },
    };
    const said = { reports: [{ epoch, report }], events: [] };
    expect(await store.save(leader, said)).toEqual({ kind: 'conflict' });
    await store.save(leader, {
      placements: [{ epoch, set: { endedAt: now, endReason: 'Moved' } }],
      events: [],
    });
    expect((await store.save(leader, said)).kind).toBe('saved');
    expect(await store.listPlacementsOnNodes('n1')).toMatchObject([{ epoch, report }]);
    const clean: CleaningReport = { ...report, attempts: 3, outcome: 'clean' };
    const cleaned = { reports: [{ epoch, report: clean }], cleaned: { epochs: [epoch], at: now } };
    expect((await store.save(leader, { ...cleaned, events: [] })).kind).toBe('saved');
    const page = { before: null, limit: 5 };
    expect(await store.listPlacementsOfNode('n1', page)).toMatchObject([{ epoch, report: clean }]);
    expect(await store.listPlacementsOfNode('n1', { ...page, before: epoch })).toEqual([]);
    expect(await store.listPlacementsOfNode('n2', page)).toEqual([]);
  });

  test('writes all of a save or nothing when one guard does not hold', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1'), nodeSpec('n2')]), now);
    const stale = await bindSave('r_1', 'n1');
    const other = await bindSave('r_2', 'n2');
    await bench.store.save(bench.leader, { nodes: stale.nodes ?? [], events: [] });
    const last = await bench.store.lastEventSeq();
    const both = { ...other, nodes: [...(other.nodes ?? []), ...(stale.nodes ?? [])] };
    expect(await bench.store.save(bench.leader, both)).toEqual({ kind: 'conflict' });
    expect((await bench.store.loadNode('n2'))?.record.resourceVersion).toBe(1);
    expect(await bench.store.listPlacementsOnNodes()).toEqual([]);
    expect(await bench.store.lastEventSeq()).toBe(last);
  });

  test('refuses every write of a leader that was deposed, and of one whose lease ran out', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    await bench.store.release(bench.leader);
    const successor = (await bench.store.acquire({ ...lease, holder: 'second' })) as Leadership;
    expect(await bench.store.save(bench.leader, await bindSave('r_1', 'n1'))).toEqual({ kind: 'deposed' });
    expect(await bench.store.applyInventory(bench.leader, fleetOf([]), now)).toBe('deposed');
    expect(await bench.store.raiseCounters(bench.leader, { fence: 9, node: 'n1', nextUid: 30_000 })).toBe(
      false,
    );
    expect(await bench.store.saveLastChecked(bench.leader, [{ node: 'n1', at: now }])).toBe(false);
    expect(await bench.store.renew(bench.leader, lease)).toBe(false);
    expect(await bench.store.renew(successor, { holder: 'second', durationMs: 50 })).toBe(true);
    await sleep(80);
    expect(await bench.store.save(successor, await bindSave('r_1', 'n1'))).toEqual({ kind: 'deposed' });
    expect((await bench.store.loadNode('n1'))?.lastCheckedAt).toBeNull();
  });

  test('leaves a rental marked when the API wrote after the reconciler had looked', async () => {
    await rent('r_1');
    const rental = await bench.store.loadRental('r_1');
    if (!rental) throw new Error('no rental');
    const change = { id: 'r_1', seenGeneration: 1, seenReleaseRequested: false };
    await bench.store.requestRelease('r_1', now, event({ rentalId: 'r_1' }));
    const first = await bench.store.save(bench.leader, {
      rentals: [{ ...change, record: rental.record }],
      events: [],
    });
    expect(first.kind).toBe('saved');
    expect(await bench.store.listDirtyRentals()).toEqual(['r_1']);
    const record = { ...rental.record, resourceVersion: 2, observedGeneration: 1 };
    const seen = { ...change, seenReleaseRequested: true, record };
    expect((await bench.store.save(bench.leader, { rentals: [seen], events: [] })).kind).toBe('saved');
    expect(await bench.store.listDirtyRentals()).toEqual([]);
    expect(await bench.store.save(bench.leader, { rentals: [seen], events: [] })).toEqual({
      kind: 'conflict',
    });
  });

  test('leaves no mark on a rental that ended while the API wrote it: nothing is looked at there any more', async () => {
    await rent('r_1');
    const rental = await bench.store.loadRental('r_1');
    if (!rental) throw new Error('no rental');
    await bench.store.requestRelease('r_1', now, event({ rentalId: 'r_1' }));
    const record = { ...rental.record, phase: 'Failed' as const, endedAt: now };
    const ended = { id: 'r_1', seenGeneration: 1, seenReleaseRequested: false, record };
    expect((await bench.store.save(bench.leader, { rentals: [ended], events: [] })).kind).toBe('saved');
    expect(await bench.store.listDirtyRentals()).toEqual([]);
  });

  test('refuses a binding without the record of its node', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const { bind, events } = await bindSave('r_1', 'n1');
    await expect(bench.store.save(bench.leader, { ...(bind ? { bind } : {}), events })).rejects.toThrow(
      TypeError,
    );
  });
}
