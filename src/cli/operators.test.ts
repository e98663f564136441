import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi;
let folder: string;
let file: string;
const runCli = (argv: string[]) => runOrion(argv, { ORION_URL: api.url, ORION_TOKEN: 't' });
const start = async (answer: Answer) => {
  api = await startFakeApi(answer);
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orion-cli-'));
  file = join(folder, 'inventory.yaml');
  await writeFile(file, 'nodes: []\n');
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const node = (generation: number, observedGeneration: number, allocated: boolean, message = '') => ({
  name: 'w1',
  generation,
  spec: { host: 'h', port: 1, zone: null, labels: {}, unschedulable: true, draining: true, retiring: false },
  status: {
    observedGeneration,
    allocated,
    state: allocated ? 'allocated' : 'free',
    offeredFingerprint: null,
    conditions: [{ type: 'Schedulable', status: 'False', reason: 'Draining', message }],
  },
});

test('drain notes all nodes first, then waits until each is empty, saying what for', async () => {
  await start(({ line }) => {
    if (!line.endsWith('(watch)')) return { body: node(2, 1, true) };
    const data = [node(2, 2, true, 'r_1 moves off it'), node(2, 2, false, 'empty')];
    return { stream: data.map((each) => ({ event: 'node', data: each })), hang: true };
  });
  const done = await runCli(['drain', 'w1', 'w2']);
  expect(done).toMatchObject({ code: 0, out: 'node/w1 drained\nnode/w2 drained\n' });
  expect(done.err).toContain('w1: allocated: r_1 moves off it');
  expect(api.requests.slice(0, 2).map(({ line }) => line)).toEqual([
    'POST /api/nodes/w1/drain',
    'POST /api/nodes/w2/drain',
  ]);
});

test('drain ends when the request was observed, though no event says so', async () => {
  await start(({ line, count }) =>
    line.endsWith('(watch)')
      ? { stream: [{ event: 'node', data: node(2, 1, false) }], hang: true }
      : { body: node(2, count > 1 ? 2 : 1, false) },
  );
  const done = await runCli(['drain', 'w1', '--timeout', '4s']);
  expect(done).toMatchObject({ code: 0, out: 'node/w1 drained\n' });
});

test('drain ends with 3 when the time is up, and can do without waiting', async () => {
  await start(({ line }) =>
    line.endsWith('(watch)') ? { stream: [], hang: true } : { body: node(2, 2, true) },
  );
  expect(await runCli(['drain', 'w1', '--timeout', '300ms'])).toMatchObject({ code: 3 });
  expect(await runCli(['drain', 'w1', '--no-wait'])).toMatchObject({
    code: 0,
    out: 'node/w1 draining\n',
  });
});

test('trust without a fingerprint says which one the node shows, and accepts nothing', async () => {
  const shown = node(1, 1, false);
  await start(() => ({ body: { ...shown, status: { ...shown.status, offeredFingerprint: 'SHA256:abc' } } }));
  const asked = await runCli(['trust', 'w1']);
  expect(asked.code).toBe(2);
  expect(asked.err).toContain('orion trust w1 SHA256:abc');
  expect(api.requests.map(({ line }) => line)).toEqual(['GET /api/nodes/w1']);
  await runCli(['trust', 'w1', 'SHA256:abc']);
  expect(api.requests.at(-1)).toMatchObject({
    line: 'POST /api/nodes/w1/trust',
    body: { fingerprint: 'SHA256:abc' },
  });
});

test('adopt takes the nodes that are named, or all that belong to another fleet, from just that fleet', async () => {
  const shown = node(1, 1, false);
  const foreign = { ...shown, name: 'w2', status: { ...shown.status, otherFleet: 'f_abc' } };
  const own = { ...shown, status: { ...shown.status, otherFleet: null } };
  await start(({ line }) =>
    line.includes('?') || line.endsWith('/api/nodes')
      ? { body: { items: [own, foreign], nextCursor: null } }
      : { body: line.includes('w2') ? foreign : own },
  );
  expect(await runCli(['adopt'])).toMatchObject({ code: 2 });
  expect(await runCli(['adopt', 'w1', '--all'])).toMatchObject({ code: 2 });
  expect((await runCli(['adopt', 'w1'])).err).toContain('w1 belongs to no other fleet');
  expect(api.requests.some(({ line }) => line.startsWith('POST'))).toBe(false);
  expect(await runCli(['adopt', '--all'])).toMatchObject({ code: 0, out: 'node/w2 taken over from f_abc\n' });
  expect(api.requests.filter(({ line }) => line.startsWith('POST'))).toMatchObject([
    { line: 'POST /api/nodes/w2/adopt', body: { fleet: 'f_abc' } },
  ]);
});

const plan = {
  sha256: 'x',
  nodes: [
    { node: 'w1', action: 'remove', changes: [] },
    { node: 'w9', action: 'add', changes: [] },
    { node: 'w2', action: 'change', changes: ['port', 'labels'] },
  ],
  rentals: [
    {
      rental: 'r_1',
      name: 'demo',
      tenant: 't',
      effect: 'moves',
      from: 'w1',
      to: 'w3',
      message: 'moves from w1 to w3',
    },
  ],
  policy: [{ key: 'probe.deadAfterMs', before: 5000, after: 30000 }],
  notAnswering: ['w6', 'w7'],
  refused: '3 of 5 nodes (60 %)',
};

test('inventory plan shows nodes, rentals, policy and a refusal', async () => {
  await start(() => ({ body: plan }));
  const shown = await runCli(['inventory', 'plan', file]);
  expect(shown.out).toMatchInlineSnapshot(`
    "Nodes
      - w1  is emptied, cleaned, then forgotten
      + w9  joins: is prepared, verified, then lent
      ~ w2  changes port, labels
    Rentals
      demo (r_1)  moves from w1 to w3
    Policy
      probe.deadAfterMs  5000 -> 30000
    1 to add, 1 to change, 1 to remove
    2 of these do not answer yet: w6, w7 (why: orion describe node w6)
    Refused unless forced (orion inventory apply --force): 3 of 5 nodes (60 %)
    "
  `);
  expect(api.requests[0]).toMatchObject({ body: { text: 'nodes: []\n', file: 'inventory.yaml' } });
  expect(JSON.parse((await runCli(['inventory', 'plan', file, '-o', 'json'])).out)).toEqual(plan);
});

test('inventory apply names the file by its hash, and tells what was done or refused', async () => {
  let count = 0;
  await start(({ line }) =>
    line.includes('/plan')
      ? { body: { ...plan, notAnswering: ['w9'] } }
      : ++count === 1
        ? { body: { kind: 'applied', added: ['w9'], changed: [], retiring: ['w1', 'w2'] } }
        : { status: 409, body: { detail: 'InventoryRefused: 3 of 5 nodes', code: 'inventory_refused' } },
  );
  const done = await runCli(['inventory', 'apply', file, '--force']);
  expect(done).toMatchObject({
    code: 0,
    out: 'added w9\nretiring w1, w2\n1 of these does not answer yet: w9 (why: orion describe node w9)\n',
  });
  expect(api.requests[0]?.body).toEqual({
    force: true,
    sha256: '704056ab12a52a1a941fd543cb0207a1117d3fb8884a0428a7c7ccce5feb946e',
  });
  const refused = await runCli(['inventory', 'apply', file]);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('InventoryRefused: 3 of 5 nodes');
  expect((await runCli(['inventory', 'apply', join(folder, 'none.yaml')])).code).toBe(2);
});
