import { expect, test } from 'vitest';
import type { ContractBench } from './contract.fixture.ts';
import { event } from './samples.fixture.ts';

/** The history as it is read. Its order is tested with the leader's writes. */
export function testEvents(bench: ContractBench): void {
  const any = { rentalId: null, node: null, type: null };
  const told = [
    event({ rentalId: 'r_1', tenant: 'a', message: 'one', type: 'rental.created' }),
    event({ rentalId: 'r_2', tenant: 'b', message: 'two' }),
    event({ node: 'n1', message: 'three', object: { status: { state: 'free' } } }),
    event({ rentalId: 'r_1', tenant: 'a', node: 'n1', message: 'four' }),
  ];

  test('is found by rental, node, type and tenant, in pages from either end', async () => {
    const { store, leader } = bench;
    expect([await store.firstEventSeq(), await store.lastEventSeq()]).toEqual([0, 0]);
    await store.recordEvents(told);
    expect(await store.listEvents(null, { ...any, afterSeq: 0, limit: 9 })).toEqual([]);
    await store.numberEvents(leader);
    const find = async (tenant: string | null, filter: object = {}, limit = 9, afterSeq = 0) =>
      (await store.listEvents(tenant, { ...any, ...filter, afterSeq, limit })).map(({ message }) => message);
    expect(await find(null)).toEqual(['one', 'two', 'three', 'four']);
    expect(await find('a')).toEqual(['one', 'four']);
    expect(await find(null, { rentalId: 'r_1' })).toEqual(['one', 'four']);
    expect(await find('b', { rentalId: 'r_1' })).toEqual([]);
    expect(await find(null, { node: 'n1' })).toEqual(['three', 'four']);
    expect(await find(null, { type: 'rental.created' })).toEqual(['one']);
    const [first, last] = [await store.firstEventSeq(), await store.lastEventSeq()];
    expect(await find(null, {}, 2, first)).toEqual(['two', 'three']);
    const recent = async (tenant: string | null, beforeSeq: number | null, limit: number) =>
      (await store.listRecentEvents(tenant, { ...any, beforeSeq, limit })).map(({ message }) => message);
    expect(await recent(null, null, 2)).toEqual(['four', 'three']);
    expect(await recent(null, last, 9)).toEqual(['three', 'two', 'one']);
    expect(await recent('a', last, 9)).toEqual(['one']);
  });

  test('shows an entry as it was written, with its number', async () => {
    const { store, leader } = bench;
    await store.recordEvents(told);
    await store.numberEvents(leader);
    const [entry] = await store.listEvents(null, { ...any, node: 'n1', afterSeq: 0, limit: 1 });
    expect(entry).toEqual({ ...told[2], seq: expect.any(Number), actor: null });
  });
}
