import { beforeEach, describe, expect, test } from 'vitest';
import type { Node } from '../core/model/node.ts';
import { type ApiBench, createApiBench, sampleNode } from './api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
  bench.store.addNode(sampleNode('w1'));
});

const FINGERPRINT = `SHA256:${'a'.repeat(43)}`;
const FLEET = `f_${'0'.repeat(24)}`;
const REQUESTS: [string, object?][] = [
  ['cordon'],
  ['uncordon'],
  ['drain'],
  ['clean'],
  ['forget'],
  ['trust', { fingerprint: FINGERPRINT }],
];
const request = (name: string, body?: object, who: 'admin' | 'anna' = 'admin') =>
  bench.call(who, `POST /api/nodes/${name}`, body);
function change(set: { spec?: Partial<Node['spec']>; record?: Partial<Node['record']> }): void {
  const node = sampleNode('w1');
  bench.store.addNode({
    ...node,
    spec: { ...node.spec, ...set.spec },
    record: { ...node.record, ...set.record },
  });
}
const requests = () => bench.store.nodes.get('w1')?.requests;

describe('requests of operators', () => {
  test.each(REQUESTS)('%s is not for tenants, and 404 for a node that is not there', async (kind, body) => {
    expect((await request(`w1/${kind}`, body, 'anna')).status).toBe(403);
    expect((await request(`w9/${kind}`, body)).status).toBe(404);
    expect(bench.store.events).toEqual([]);
  });

  test('are noted with their event, and noting them again changes nothing', async () => {
    expect((await request('w1/drain')).status).toBe(202);
    const again = await request('w1/drain');
    expect(again.status).toBe(202);
    expect(await again.json()).toMatchObject({
      generation: 2,
      spec: { draining: true, unschedulable: true },
    });
    expect(bench.store.events.map(({ type, reason }) => [type, reason])).toEqual([
      ['node.draining', 'Draining'],
    ]);
    await request('w1/uncordon');
    expect(requests()).toMatchObject({ cordoned: false, draining: false });
  });

  test.each([
    ['clean', { state: 'dead', status: 'dead' }, {}, 'it is dead'],
    ['clean', { state: 'unknown' }, {}, 'not been judged'],
    ['forget', { state: 'dead' }, {}, 'it is in the inventory'],
    ['forget', { state: 'free' }, { retiring: true }, 'it is alive'],
    ['adopt', {}, {}, 'belongs to no other fleet'],
    ['adopt', { otherFleet: `f_${'1'.repeat(24)}` }, {}, 'f_111'],
    ['trust', {}, {}, 'shows no host key other'],
    ['trust', { offeredFingerprint: `SHA256:${'b'.repeat(43)}` }, {}, 'SHA256:bbb'],
    [
      'trust',
      { offeredFingerprint: FINGERPRINT },
      { pinnedHostKey: 'ssh-ed25519 A' },
      'pinned in the inventory',
    ],
  ] as const)('%s is 409 when the state %j %j does not allow it: %s', async (kind, record, spec, words) => {
    change({ record, spec });
    const named = { trust: { fingerprint: FINGERPRINT }, adopt: { fleet: FLEET } };
    const response = await request(`w1/${kind}`, named[kind as 'trust']);
    expect(response.status).toBe(409);
    const problem = (await response.json()) as { code: string; detail: string };
    expect(problem.code).toBe('state_conflict');
    expect(problem.detail).toContain(words);
    expect(requests()).toEqual(sampleNode('w1').requests);
  });

  test('clean is noted for a node that is back and held, also with its client still on it', async () => {
    change({ record: { state: 'dead', status: 'alive' } });
    expect((await request('w1/clean')).status).toBe(202);
    expect(requests()?.cleanRequested).toBe(1);
  });

  test('clean, forget and trust are noted where they make sense', async () => {
    change({ record: { state: 'quarantined' } });
    expect((await request('w1/clean')).status).toBe(202);
    expect(requests()?.cleanRequested).toBe(1);
    change({ record: { state: 'dead' }, spec: { retiring: true } });
    expect((await request('w1/forget')).status).toBe(202);
    expect(requests()?.forgetting).toBe(true);
    change({ record: { state: 'dead', offeredFingerprint: FINGERPRINT } });
    expect((await request('w1/trust', { fingerprint: FINGERPRINT })).status).toBe(202);
    expect(requests()?.trustedFingerprint).toBe(FINGERPRINT);
    change({ record: { state: 'quarantined', otherFleet: FLEET } });
    const cleanings = requests()?.cleanRequested ?? 0;
    for (const _ of ['asked', 'repeated'])
      expect((await request('w1/adopt', { fleet: FLEET })).status).toBe(202);
    expect(requests()).toMatchObject({ adoptRequested: 1, cleanRequested: cleanings + 1 });
    expect((await request('w1/adopt', { fleet: 'x' })).status).toBe(422);
  });

  const found = (...letters: string[]) => ({
    state: 'quarantined' as const,
    acceptSeen: 0,
    differences: {
      items: letters.map((letter) => ({
        id: letter.repeat(32),
        kind: 'schedules',
        text: `/etc/cron.d/${letter}`,
      })),
      more: 0,
      others: 0,
    },
  });
  const accepted = (ids: string[], reason = 'upgrade', who: 'admin' | 'anna' = 'admin') =>
    request('w1/accept', { ids: ids.map((letter) => letter.repeat(32)), reason }, who);

  test('accept notes what was shown, with author, reason and all of it in the history', async () => {
    change({ record: found('a', 'b') });
    expect((await accepted(['a'], 'x', 'anna')).status).toBe(403);
    expect((await request('w9/accept', { ids: ['a'.repeat(32)], reason: 'x' })).status).toBe(404);
    const answer = await accepted(['a']);
    expect([answer.status, await answer.json()]).toMatchObject([
      202,
      { status: { differences: found('a', 'b').differences } },
    ]);
    expect(requests()).toMatchObject({
      acceptRequested: 1,
      cleanRequested: 1,
      accept: { ids: ['a'.repeat(32)], reason: 'upgrade', by: expect.stringContaining('of admin') },
    });
    // Repeated by a client that lost the answer, it is the same request. A different one has to wait.
    expect((await accepted(['a'])).status).toBe(202);
    expect(requests()).toMatchObject({ acceptRequested: 1 });
    const other = await accepted(['a', 'b']);
    expect([other.status, await other.json()]).toMatchObject([
      409,
      {
        detail: expect.stringMatching(
          /w1: what was accepted by .*: upgrade is still being added to the baseline/,
        ),
      },
    ]);
    expect(bench.store.events.map(({ type, message }) => [type, message])).toEqual([
      [
        'node.accept_requested',
        expect.stringMatching(/^by admin \(\w+\) of admin: upgrade; schedules: \/etc\/cron.d\/a$/),
      ],
    ]);
  });

  test.each([
    [{}, ['a'], 'nothing was found on it'],
    [found('b'), ['a', 'b'], '1 of 2 no longer match what is found on it'],
    [{ ...found('a'), state: 'dead' as const }, ['a'], 'it is dead'],
  ])('accept is 409 for a node with %j and %j: %s', async (record, ids, words) => {
    change({ record });
    const answer = await accepted(ids);
    expect([answer.status, await answer.json()]).toMatchObject([
      409,
      { code: 'state_conflict', detail: expect.stringContaining(words) },
    ]);
    expect(requests()?.acceptRequested).toBe(0);
  });

  test.each([
    { ids: ['a'.repeat(32)] },
    { ids: [], reason: 'x' },
    { ids: ['A'.repeat(32)], reason: 'x' },
    { ids: Array(21).fill('a'.repeat(32)), reason: 'x' },
    { ids: ['a'.repeat(32)], reason: ' ' },
  ])('accept of %j is 422', async (body) => {
    change({ record: found('a') });
    expect((await request('w1/accept', body)).status).toBe(422);
  });

  test.each(['', 'SHA256:short', 'md5:aa', `SHA256:${'a'.repeat(44)}`])(
    'trust of %j is 422',
    async (fingerprint) => {
      change({ record: { offeredFingerprint: FINGERPRINT } });
      expect((await request('w1/trust', { fingerprint })).status).toBe(422);
    },
  );
});

describe('the inventory', () => {
  test.each(['GET /api/inventory', 'POST /api/inventory/plan', 'POST /api/inventory/apply'])(
    '%s is not for tenants',
    async (call) => {
      expect((await bench.call('anna', call, call.startsWith('GET') ? undefined : {})).status).toBe(403);
    },
  );

  test('a plan of a text with mistakes is 422 with the place of each', async () => {
    const response = await bench.call('admin', 'POST /api/inventory/plan', { text: 'nodes: []' });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      errors: [{ path: 'inventory.yaml:1:1', message: 'not used here' }],
    });
  });

  test('a plan may be as long as ten thousand nodes are, anything else not', async () => {
    const text = 'x'.repeat(1_000_000);
    expect((await bench.call('admin', 'POST /api/inventory/plan', { text })).status).toBe(422);
    expect((await bench.call('admin', 'POST /api/inventory/apply', { sha256: text })).status).toBe(413);
  });

  test('applying answers with what the leader did, or why not', async () => {
    const apply = async (answer: Parameters<typeof bench.store.answerInventory>[0], body = {}) => {
      const before = (await bench.store.loadInventoryState())?.requested ?? 0;
      const call = bench.call('admin', 'POST /api/inventory/apply', body);
      await expect.poll(async () => (await bench.store.loadInventoryState())?.requested).toBe(before + 1);
      bench.store.answerInventory(answer);
      return await call;
    };
    const applied = await apply(
      { kind: 'applied', added: ['w2'], changed: [], retiring: [] },
      { force: true },
    );
    expect([applied.status, await applied.json()]).toMatchObject([200, { kind: 'applied', added: ['w2'] }]);
    expect(await bench.store.loadInventoryState()).toMatchObject({ requestedForce: true });
    const refused = await apply({ kind: 'refused', reason: 'InventoryRefused', message: '3 of 5 nodes' });
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { code: 'inventory_refused', detail: 'InventoryRefused: 3 of 5 nodes' },
    ]);
    const state = await bench.call('admin', 'GET /api/inventory');
    expect(await state.json()).toMatchObject({ requested: 2, answered: 2, answer: { kind: 'refused' } });
  });
});
