import { expect, test } from 'vitest';
import type { RentalReader } from '../../core/ports/rentals.ts';
import type { ContractBench } from './contract.fixture.ts';
import { bindSave, event, fleetOf, newRental, nodeSpec, now, rentalSpec } from './samples.fixture.ts';

/** What clients write and read, and how it interacts with the leader's writes. */
export function testRentals(bench: ContractBench): void {
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
      const page: Awaited<ReturnType<RentalReader['listRentals']>> = await bench.store.listRentals('t', {
        limit: 3,
        cursor,
        includeEnded: false,
      });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      if (seen.length === 3) await end('r_1');
    } while (cursor !== null);
    expect(seen).toEqual(ids);
    const wrong = { limit: 3, cursor: 'wrong', includeEnded: false };
    await expect(bench.store.listRentals('t', wrong)).rejects.toMatchObject({ name: 'InvalidCursorError' });
  });

  test('counts what has not ended by phase, and knows the names of what is kept', async () => {
    for (const id of ['r_1', 'r_2', 'r_3', 'r_4']) await bench.store.createRental(newRental(id), event());
    await end('r_1');
    await end('r_2', 'Failed');
    await bench.store.discardRejected('r_2');
    expect(await bench.store.countRentals()).toEqual([{ phase: 'Pending', count: 2 }]);
    const names = await bench.store.listRentalNames(['r_1', 'r_2', 'r_3']);
    expect(names).toEqual(
      new Map([
        ['r_1', 'name-1'],
        ['r_3', 'name-3'],
      ]),
    );
    expect(await bench.store.listRentalNames([])).toEqual(new Map());
  });
}
