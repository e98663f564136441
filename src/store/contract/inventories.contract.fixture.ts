import { expect, test } from 'vitest';
import { FIRST_UID, type NodeRecord } from '../../core/model/node.ts';
import type { NodeState } from '../../core/model/node-states.ts';
import type { ContractBench } from './contract.fixture.ts';
import { attribution, bindSave, event, fleetOf, nodeSpec, now } from './samples.fixture.ts';

/** What happens to nodes when the inventory changes and operators make requests. */
export function testInventories(bench: ContractBench): void {
  const anyEvent = { rentalId: null, node: null, type: null };

  async function setState(name: string, state: NodeState): Promise<void> {
    const node = await bench.store.loadNode(name);
    if (!node) throw new Error(`no node ${name}`);
    await bench.store.save(bench.leader, {
      nodes: [{ name, record: { ...node.record, state } }],
      events: [],
    });
  }

  /** As the reconciler does once it has processed spec and requests. */
  async function observe(name: string, generation?: number): Promise<void> {
    const node = await bench.store.loadNode(name);
    if (!node) throw new Error(`no node ${name}`);
    const record = { ...node.record, observedGeneration: generation ?? node.generation };
    await bench.store.save(bench.leader, { nodes: [{ name, record }], events: [] });
  }

  test('applies the inventory: joins, changes, retires, and takes back', async () => {
    const applied = await bench.store.applyInventory(
      bench.leader,
      fleetOf([nodeSpec('n1'), nodeSpec('n2')]),
      now,
    );
    expect(applied).toEqual({ kind: 'applied', added: ['n1', 'n2'], changed: [], retiring: [] });
    const [node] = await bench.store.listNodes();
    expect(node?.spec).toEqual(nodeSpec('n1'));
    expect(await bench.store.loadNodes(['n1', 'n1', 'gone'])).toEqual([node]);
    expect(node?.record).toMatchObject({
      state: 'unknown',
      status: 'unknown',
      nextUid: FIRST_UID,
      stateSince: now,
    });
    const moved = nodeSpec('n1', { port: 2299, labels: { size: 'l' } });
    expect(await bench.store.applyInventory(bench.leader, fleetOf([moved]), now)).toEqual({
      kind: 'applied',
      added: [],
      changed: ['n1'],
      retiring: ['n2'],
    });
    expect(await bench.store.applyInventory(bench.leader, fleetOf([moved]), now)).toEqual({
      kind: 'applied',
      added: [],
      changed: [],
      retiring: [],
    });
    const back = await bench.store.applyInventory(bench.leader, fleetOf([moved, nodeSpec('n2')]), now);
    expect(back).toEqual({ kind: 'applied', added: [], changed: ['n2'], retiring: [] });
    expect((await bench.store.save(bench.leader, { removeNodes: ['n2'], events: [] })).kind).toBe('conflict');
    await bench.store.applyInventory(bench.leader, fleetOf([moved]), now);
    expect((await bench.store.save(bench.leader, { removeNodes: ['n2'], events: [] })).kind).toBe('saved');
    const filter = { afterSeq: 0, limit: 50, rentalId: null, node: 'n2', type: null };
    const types = (await bench.store.listEvents(null, filter)).map(({ type }) => type);
    expect(types).toEqual(['node.joined', 'node.retiring', 'node.changed', 'node.retiring']);
  });

  test('refuses to take out most of the fleet unless it is forced, and keeps the answer for who asked', async () => {
    const all = ['n1', 'n2', 'n3', 'n4', 'n5'].map((name) => nodeSpec(name));
    await bench.store.applyInventory(bench.leader, fleetOf(all), now);
    // Nodes that were never verified would not count.
    const nodes = (await bench.store.listNodes()).map(({ spec, record }) => ({
      name: spec.name,
      record: { ...record, preparedAt: now },
    }));
    await bench.store.save(bench.leader, { nodes, events: [] });
    const asked = await bench.store.requestInventory({ sha256: 'a'.repeat(64), force: false, by: 'k1' });
    const few = { ...fleetOf(all.slice(3)), force: false, answering: asked };
    const refused = await bench.store.applyInventory(bench.leader, few, now);
    expect(refused).toMatchObject({ kind: 'refused', reason: 'InventoryRefused' });
    expect((await bench.store.listNodes()).filter(({ spec }) => spec.retiring)).toEqual([]);
    expect(await bench.store.loadInventoryState()).toMatchObject({
      requested: asked,
      requestedSha256: 'a'.repeat(64),
      requestedForce: false,
      requestedBy: 'k1',
      answered: asked,
      answer: refused,
      appliedSha256: 'f'.repeat(64),
      appliedAt: now,
    });
    const again = await bench.store.requestInventory({ sha256: null, force: true, by: 'k1' });
    expect(again).toBe(asked + 1);
    await bench.store.applyInventory(bench.leader, { ...few, force: true, answering: again }, now);
    expect((await bench.store.listNodes()).filter(({ spec }) => spec.retiring)).toHaveLength(3);
    const types = (await bench.store.listEvents(null, { ...anyEvent, afterSeq: 0, limit: 50 })).map(
      ({ type }) => type,
    );
    expect(types.filter((type) => type.startsWith('inventory.'))).toEqual([
      'inventory.applied',
      'inventory.refused',
      'inventory.applied',
    ]);
  });

  test('notes for a dead node that it is to be cleaned only when it answers again', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const judge = async (status: 'alive' | 'dead') => {
      const record = (await bench.store.loadNode('n1'))?.record as NodeRecord;
      const nodes = [{ name: 'n1', record: { ...record, state: 'dead' as const, status, deaths: 3 } }];
      await bench.store.save(bench.leader, { nodes, events: [] });
    };
    await judge('dead');
    expect(await bench.store.writeRequest('n1', { kind: 'clean' }, event())).toBe(false);
    await judge('alive');
    expect(await bench.store.writeRequest('n1', { kind: 'clean' }, event())).toBe(true);
    expect(await bench.store.loadNode('n1')).toMatchObject({
      requests: { cleanRequested: 1 },
      record: { deaths: 3 },
    });
  });

  test('notes once that a node is to be taken from another fleet, and only from the one that it shows', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const adopt = (fleet: string) => bench.store.writeRequest('n1', { kind: 'adopt', fleet }, event());
    expect(await adopt('f_1')).toBe(false);
    const record = (await bench.store.loadNode('n1'))?.record as NodeRecord;
    const nodes = [{ name: 'n1', record: { ...record, otherFleet: 'f_1' } }];
    await bench.store.save(bench.leader, { nodes, events: [] });
    expect([await adopt('f_2'), await adopt('f_1'), await adopt('f_1')]).toEqual([false, true, false]);
    expect(await bench.store.loadNode('n1')).toMatchObject({
      requests: { adoptRequested: 1, cleanRequested: 1 },
      record: { otherFleet: 'f_1', adoptSeen: 0 },
    });
  });

  test('notes once what is to be accepted on a node, while there is something and it is not lent', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const ask = { ids: ['a'.repeat(32)], reason: 'upgrade', by: 'admin of lab', at: now };
    const accept = () => bench.store.writeRequest('n1', { kind: 'accept', accept: ask }, event());
    expect(await accept()).toBe(false);
    const differences = {
      items: [{ id: 'a'.repeat(32), kind: 'setuid', text: '/usr/bin/x 4755 0:0' }],
      more: 2,
      others: 1,
    };
    const set = async (more: Partial<NodeRecord>) => {
      const record = (await bench.store.loadNode('n1'))?.record as NodeRecord;
      await bench.store.save(bench.leader, {
        nodes: [{ name: 'n1', record: { ...record, ...more } }],
        events: [],
      });
    };
    await set({ differences, state: 'dead' });
    expect(await accept()).toBe(false);
    await set({ state: 'quarantined' });
    expect([await accept(), await accept()]).toEqual([true, false]);
    expect(await bench.store.loadNode('n1')).toMatchObject({
      requests: { acceptRequested: 1, cleanRequested: 1, accept: ask },
      record: { differences, acceptSeen: 0 },
    });
    await set({ acceptSeen: 1, differences: null });
    expect(await accept()).toBe(false);
    expect((await bench.store.loadNode('n1'))?.record.differences).toBe(null);
  });

  test('drops a node that was given up with its residue, which is found again if the machine returns', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const bound = await bench.store.save(bench.leader, await bindSave(bench.store, 'r_1', 'n1'));
    const epoch = bound.kind === 'saved' ? bound.fence : 0;
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n2')]), now);
    expect(await bench.store.writeRequest('n1', { kind: 'forget' }, event())).toBe(false);
    await setState('n1', 'dead');
    expect(await bench.store.writeRequest('n1', { kind: 'forget' }, event())).toBe(true);
    const remove = () => bench.store.save(bench.leader, { removeNodes: ['n1'], events: [] });
    expect((await remove()).kind).toBe('conflict');
    await bench.store.save(bench.leader, {
      placements: [{ epoch, set: { endedAt: now, endReason: 'Moved' } }],
      events: [],
    });
    expect((await remove()).kind).toBe('saved');
    expect(await bench.store.loadNode('n1')).toBe(null);
    expect((await bench.store.listPlacementsOnNodes('n1')).map((placement) => placement.epoch)).toEqual([
      epoch,
    ]);
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1'), nodeSpec('n2')]), now);
    expect((await bench.store.loadNode('n1'))?.record.nextUid).toBe(FIRST_UID + 1);
  });

  test('forgets that a node was given up when the inventory lists it again', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n2')]), now);
    await bench.store.writeRequest('n1', { kind: 'forget' }, event());
    expect((await bench.store.loadNode('n1'))?.requests.forgetting).toBe(true);
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1'), nodeSpec('n2')]), now);
    expect((await bench.store.loadNode('n1'))?.requests.forgetting).toBe(false);
  });

  test('tells the leader which nodes were written since it looked', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1'), nodeSpec('n2')]), now);
    expect(await bench.store.listDirtyNodes()).toEqual(['n1', 'n2']);
    for (const name of ['n1', 'n2']) await observe(name);
    expect(await bench.store.listDirtyNodes()).toEqual([]);
    await bench.store.writeRequest('n2', { kind: 'drain', attribution }, event());
    expect(await bench.store.listDirtyNodes()).toEqual(['n2']);
    const stale = await bench.store.loadNode('n2');
    await bench.store.writeRequest('n2', { kind: 'trust', fingerprint: 'SHA256:x' }, event());
    await observe('n2', stale?.generation);
    expect(await bench.store.listDirtyNodes()).toEqual(['n2']);
  });

  test('cordons a node once, and says when there is none', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const cordon = () =>
      bench.store.writeRequest(
        'n1',
        { kind: 'cordon', attribution },
        event({ type: 'node.cordoned', node: 'n1' }),
      );
    expect([await cordon(), await cordon()]).toEqual([true, false]);
    expect(await bench.store.writeRequest('n9', { kind: 'cordon', attribution }, event())).toBe(null);
    expect((await bench.store.loadNode('n1'))?.requests.cordoned).toBe(true);
    await bench.store.numberEvents(bench.leader);
    const filter = { ...anyEvent, type: 'node.cordoned', limit: 9 };
    expect(await bench.store.listEvents(null, { ...filter, afterSeq: 0 })).toHaveLength(1);
  });
}
