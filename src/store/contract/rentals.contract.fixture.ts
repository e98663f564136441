import { expect, test } from 'vitest';
import type { ContractBench } from './contract.fixture.ts';
import { bindSave, event, fleetOf, newRental, nodeSpec, now, rentalSpec } from './samples.fixture.ts';

/** What clients write, and how it interacts with the leader's writes. */
export function testClientWrites(bench: ContractBench): void {
  const anyEvent = { rentalId: null, node: null, type: null };

  async function end(id: string, phase: 'Released' | 'Failed' = 'Released'): Promise<void> {
    const rental = await bench.store.loadRental(id);
    if (!rental) throw new Error(`no rental ${id}`);
    const record = { ...rental.record, phase, endedAt: now };
    const change = { id, record, seenGeneration: rental.generation, seenReleaseRequested: false };
    expect((await bench.store.save(bench.leader, { rentals: [change], events: [] })).kind).toBe('saved');
  }

  test('keeps names unique among the live rentals of a tenant, and frees them at the end', async () => {
    const named = (id: string, name: string) => bench.store.createRental(newRental(id, { name }), event());
    expect((await named('r_1', 'box')).kind).toBe('created');
    expect(await named('r_2', 'box')).toMatchObject({ kind: 'exists', rental: { id: 'r_1' } });
    expect((await named('r_3', 'BOX')).kind).toBe('created');
    await end('r_1');
    expect((await named('r_4', 'box')).kind).toBe('created');
    expect((await bench.store.findRental('t', 'box'))?.id).toBe('r_4');
    expect((await bench.store.findRental('t', 'r_1'))?.record.endedAt).toEqual(now);
  });

  test('lets one of two changes to the same generation win, and marks the rental for the reconciler', async () => {
    await bench.store.createRental(newRental('r_1'), event());
    const change = (ttlMs: number) =>
      bench.store.updateRentalSpec('r_1', 1, { ...rentalSpec, ttlMs }, { renewedAt: now, event: event() });
    const won = await Promise.all([change(1), change(2)]);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await bench.store.findRental('t', 'r_1')).toMatchObject({ generation: 2, renewedAt: now });
    expect(await bench.store.listDirtyRentals()).toEqual(['r_1']);
    await bench.store.numberEvents(bench.leader);
    expect(await bench.store.listEvents(null, { afterSeq: 0, limit: 9, ...anyEvent })).toHaveLength(2);
    expect(await bench.store.requestRelease('r_1', now, event())).toBe(true);
    expect(await bench.store.requestRelease('r_1', now, event())).toBe(false);
    await end('r_1');
    expect(
      await bench.store.updateRentalSpec('r_1', 2, rentalSpec, { renewedAt: null, event: event() }),
    ).toBe(false);
  });

  test('discards only what was rejected without ever having a machine', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const key = { idempotencyKey: 'key', requestHash: 'a'.repeat(64) };
    await bench.store.createRental(newRental('r_1', key), event());
    await bench.store.discardRejected('r_1');
    expect(await bench.store.loadRental('r_1')).not.toBeNull();
    await end('r_1', 'Failed');
    await bench.store.discardRejected('r_1');
    expect(await bench.store.loadRental('r_1')).toBeNull();
    expect((await bench.store.createRental(newRental('r_2', key), event())).kind).toBe('created');
    await bench.store.save(bench.leader, await bindSave(bench.store, 'r_2', 'n1'));
    await end('r_2', 'Failed');
    await bench.store.discardRejected('r_2');
    expect((await bench.store.loadRental('r_2'))?.placements).toHaveLength(1);
  });
}
