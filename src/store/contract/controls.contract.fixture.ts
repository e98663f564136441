import { expect, test } from 'vitest';
import type { ContractBench } from './contract.fixture.ts';
import { event, fleetOf, nodeSpec, now } from './samples.fixture.ts';

/** Operators' requests to the reconciler as a whole, and what the leader does with them. */
export function testControls(bench: ContractBench): void {
  const by = 'admin (t_1) of lab';
  const asked = (reason: string) => ({ reason, by, at: now });
  const typesTold = async () => {
    await bench.store.numberEvents(bench.leader);
    const filter = { afterSeq: 0, limit: 9, rentalId: null, node: null, type: null };
    return (await bench.store.listEvents(null, filter)).map(({ type }) => type);
  };

  test('is paused once, says by whom and why, and goes on once; only what changed something is told', async () => {
    const { store } = bench;
    expect(await store.loadControls()).toEqual({ pause: null, override: null });
    const pause = (reason: string) =>
      store.writeControl({ kind: 'pause', ...asked(reason) }, event({ type: 'pool.paused' }));
    const resume = () => store.writeControl({ kind: 'resume' }, event({ type: 'pool.resumed' }));
    expect(await resume()).toBe(false);
    expect(await pause('one')).toBe(true);
    expect(await pause('two')).toBe(false);
    expect((await store.loadControls()).pause).toEqual(asked('one'));
    expect([await resume(), await resume()]).toEqual([true, false]);
    expect((await store.loadControls()).pause).toBeNull();
    expect(await typesTold()).toEqual(['pool.paused', 'pool.resumed']);
  });

  test('an override is used once, with the save that says so, and not in the place of a later one', async () => {
    const { store, leader } = bench;
    const override = (reason: string) =>
      store.writeControl({ kind: 'override', ...asked(reason) }, event({ type: 'pool.override_requested' }));
    const use = async (number: number) =>
      (await store.save(leader, { overrideUsed: number, events: [event({ type: 'pool.override_used' })] }))
        .kind;
    expect(await use(1)).toBe('conflict');
    await override('one');
    expect((await store.loadControls()).override).toEqual({ ...asked('one'), number: 1, isUsed: false });
    await override('two');
    expect(await use(1)).toBe('conflict');
    expect([await use(2), await use(2)]).toEqual(['saved', 'conflict']);
    expect((await store.loadControls()).override).toEqual({ ...asked('two'), number: 2, isUsed: true });
    await override('three');
    expect((await store.loadControls()).override).toMatchObject({ number: 3, isUsed: false });
    expect(await typesTold()).toEqual([
      'pool.override_requested',
      'pool.override_requested',
      'pool.override_used',
      'pool.override_requested',
    ]);
  });

  test('why a node is kept free stays with it, and its author, until it is lent again', async () => {
    const { store } = bench;
    await store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const maintenance = async () => (await store.loadNode('n1'))?.requests.maintenance;
    const request = (kind: 'cordon' | 'drain', reason: string | null, author: string) =>
      store.writeRequest('n1', { kind, attribution: { reason, by: author, at: now } }, event({ node: 'n1' }));
    expect(await maintenance()).toBeNull();
    expect(await request('cordon', null, 'ann')).toBe(true);
    expect(await maintenance()).toEqual({ reason: null, by: 'ann', at: now });
    expect(await request('drain', 'new disk', 'bob')).toBe(true);
    expect(await maintenance()).toEqual({ reason: 'new disk', by: 'bob', at: now });
    expect(await request('drain', null, 'cid')).toBe(false);
    expect(await request('drain', 'new disk', 'cid')).toBe(false);
    expect(await maintenance()).toEqual({ reason: 'new disk', by: 'bob', at: now });
    await store.writeRequest('n1', { kind: 'uncordon' }, event({ node: 'n1' }));
    expect(await maintenance()).toBeNull();
  });
}
