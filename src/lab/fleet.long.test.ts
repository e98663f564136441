import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FleetPlan } from '../core/fleet/plan.ts';
import { type Connection, openTestLab, type Rented, type TestLab, WAIT } from './test-lab.fixture.ts';

const BASE_PORT = 28_600;
let test: TestLab;

beforeAll(async () => {
  test = await openTestLab({
    basePort: BASE_PORT,
    nodes: 5,
    // A worker that restarts on another port must not be judged dead meanwhile, however busy the machine is.
    policy: 'probe: { deadAfter: 15s, successes: 1, healthyDelay: 0s, timeout: 3s, interval: 5s }',
  });
}, 180_000);
afterAll(() => test?.close());

const line = (name: string, port: number, more = '') => `{ name: ${name}, port: ${port}${more} }`;
const five = () => [1, 2, 3, 4, 5].map((n) => line(`w${n}`, BASE_PORT + n));
const listNames = async () =>
  (await test.call('GET', '/api/nodes?limit=500')).body.items.map(({ name }: { name: string }) => name);
const countEvents = async (type: string) => (await test.events(`&type=${type}`)).length;

async function plan(): Promise<FleetPlan> {
  const text = await readFile(join(test.home, 'inventory.yaml'), 'utf8');
  const answer = await test.call('POST', '/api/inventory/plan', { text });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

async function rentOn(node: string): Promise<Rented> {
  for (const name of await listNames())
    if (name !== node) await test.call('POST', `/api/nodes/${name}/cordon`);
  const rented = await test.rent();
  for (const name of await listNames()) await test.call('POST', `/api/nodes/${name}/uncordon`);
  expect(rented.status.node).toBe(node);
  return rented;
}

async function release(rented: Rented): Promise<void> {
  await test.call('DELETE', `/api/rentals/${rented.id}`);
  await expect.poll(() => test.phaseOf(rented.id), WAIT).toBe('Released');
}

const login = async (rented: Rented) => {
  const { connection } = (await test.rental(rented.id)).status;
  return (await test.login(rented, connection as Connection, 'true')).exitCode;
};

describe('a changed inventory does what its plan said', () => {
  it('adds a node, which can be rented', async () => {
    await test.writeInventory([...five(), line('w6', BASE_PORT + 6, ', labels: { size: large }')]);
    expect(await plan()).toMatchObject({
      nodes: [{ node: 'w6', action: 'add' }],
      rentals: [],
      refused: null,
    });
    expect(await test.lab.reload()).toMatchObject({ problems: [], started: ['w6'], daemons: ['daemon_1'] });
    const toldAtMs = performance.now();
    await expect.poll(() => test.stateOf('w6').catch(() => null), WAIT).toBe('free');
    console.log(`${((performance.now() - toldAtMs) / 1000).toFixed(1)} s from SIGHUP until it can be rented`);
    const rented = await test.rent({ selector: { matchLabels: { size: 'large' } } });
    expect(rented.status.node).toBe('w6');
    expect(await login(rented)).toBe(0);
    await release(rented);
  });

  it('takes a rented node out: its client moves where the plan said, then the node is clean and gone', async () => {
    const rented = await rentOn('w6');
    await test.login(rented, rented.status.connection as Connection, 'touch /var/tmp/mine');
    await test.writeInventory(five());
    const planned = await plan();
    expect(planned.nodes).toEqual([{ node: 'w6', action: 'remove', changes: [] }]);
    expect(planned.rentals).toEqual([
      expect.objectContaining({ rental: rented.id, effect: 'moves', from: 'w6' }),
    ]);
    await test.lab.reload();
    await expect.poll(() => listNames(), WAIT).toEqual(['w1', 'w2', 'w3', 'w4', 'w5']);
    const moved = await test.rental(rented.id);
    expect(moved.status).toMatchObject({ phase: 'Active', node: planned.rentals[0]?.to });
    expect(await login(rented)).toBe(0);
    expect(moved.status.placements[0]).toMatchObject({ node: 'w6', endReason: 'NodeDrained' });
    const left = await test.lab.workers.get('w6')?.exec(['sh', '-c', 'ls /home /var/tmp /etc/ssh/orion']);
    expect(left?.stdout).not.toContain('mine');
    expect(left?.stdout).not.toContain(moved.status.connection?.user);
    const types = (await test.events('&node=w6')).map(({ type }) => type);
    expect(types.slice(types.indexOf('node.retiring'))).toEqual(
      expect.arrayContaining(['node.retiring', 'node.cleaning', 'node.free', 'node.removed']),
    );
    await release(rented);
  });

  it('moves a node to another port: the client on it is told the new address, and logs in there', async () => {
    const rented = await rentOn('w5');
    await test.writeInventory([...five().slice(0, 4), line('w5', BASE_PORT + 15)]);
    const planned = await plan();
    expect(planned.nodes).toEqual([{ node: 'w5', action: 'change', changes: ['port', 'clientPort'] }]);
    expect(planned.rentals).toMatchObject([{ rental: rented.id, effect: 'readdressed', to: 'w5' }]);
    expect(await test.lab.reload()).toMatchObject({ moved: ['w5'] });
    await expect
      .poll(async () => (await test.rental(rented.id)).status.connection?.port, WAIT)
      .toBe(BASE_PORT + 15);
    await expect.poll(() => login(rented), WAIT).toBe(0);
    await test.expectNotMoved(rented);
    const told = (await test.events(`&rental=${rented.id}`)).map(({ message }) => message);
    expect(told).toContain(`w5 is now reached at 127.0.0.1:${BASE_PORT + 15}`);
    await release(rented);
  });

  it('changes labels in place, and renames by taking out and adding', async () => {
    const rented = await rentOn('w1');
    await expect.poll(() => test.stateOf('w5'), WAIT).toBe('free');
    await test.writeInventory([
      line('w1', BASE_PORT + 1, ', labels: { size: small }, zone: b'),
      ...five().slice(1, 4),
      line('renamed', BASE_PORT + 15),
    ]);
    // The worker behind a renamed node is the same machine: it is stopped under its old name first.
    await test.lab.stopWorker('w5');
    expect(await plan()).toMatchObject({
      nodes: [
        { node: 'renamed', action: 'add' },
        { node: 'w1', action: 'change', changes: ['zone', 'labels'] },
        { node: 'w5', action: 'remove' },
      ],
      rentals: [],
    });
    await test.lab.reload();
    await expect.poll(() => listNames(), WAIT).toEqual(['renamed', 'w1', 'w2', 'w3', 'w4']);
    await expect.poll(() => test.stateOf('renamed'), WAIT).toBe('free');
    expect((await test.node('w1')).spec).toMatchObject({ labels: { size: 'small' }, zone: 'b' });
    expect((await test.rental(rented.id)).status).toMatchObject({ phase: 'Active', node: 'w1' });
    expect(await login(rented)).toBe(0);
    await release(rented);
  });
});

describe('an inventory that can not be applied', () => {
  const four = () => [1, 2, 3, 4].map((n) => line(`w${n}`, BASE_PORT + n));
  const fleet = () => [...four(), line('renamed', BASE_PORT + 15)];

  it('with mistakes changes nothing, and log and history say so', async () => {
    const before = await listNames();
    await test.writeInventory([...four(), '{ name: w9, prot: 1 }', '{ name: w9, port: 99999 }']);
    const reloaded = await test.lab.reload();
    expect(reloaded.problems.join('\n')).toContain('unknown key; expected name, host, port');
    await expect.poll(() => countEvents('inventory.refused'), WAIT).toBe(1);
    const [refused] = await test.events('&type=inventory.refused');
    expect(refused).toMatchObject({ reason: 'InventoryInvalid' });
    expect(refused?.message).toMatch(/inventory\.yaml:\d+:\d+: nodes\[4\]\.prot: unknown key/);
    expect(await readFile(join(test.home, 'logs', 'daemon_1.log'), 'utf8')).toContain(
      'the inventory file has mistakes; the fleet stays as it is',
    );
    expect(await listNames()).toEqual(before);
    const answer = await test.call('POST', '/api/inventory/plan', { text: 'nodes: [{ nam: x }]', file: 'f' });
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].path).toMatch(/^f:1:\d+$/);
  });

  it('and takes out more than 40 % of the nodes is refused, unless it is forced', async () => {
    await test.writeInventory(fleet().slice(2));
    expect((await plan()).refused).toBe(null);
    await test.writeInventory(fleet().slice(3));
    expect((await plan()).refused).toContain('3 of 5 nodes (60 %)');
    await test.lab.reload();
    await expect.poll(() => countEvents('inventory.refused'), WAIT).toBe(2);
    expect(await listNames()).toHaveLength(5);
    const refused = await test.call('POST', '/api/inventory/apply', {});
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'inventory_refused' });
    const another = { sha256: '0'.repeat(64), force: true };
    expect((await test.call('POST', '/api/inventory/apply', another)).body.detail).toContain(
      'InventoryMismatch',
    );
    const forced = await test.call('POST', '/api/inventory/apply', { force: true });
    expect(forced.status).toBe(200);
    expect(forced.body).toMatchObject({ kind: 'applied', retiring: ['w1', 'w2', 'w3'] });
    await expect.poll(() => listNames(), WAIT).toEqual(['renamed', 'w4']);
    await test.writeInventory(fleet());
    await test.lab.reload();
    for (const name of ['w1', 'w2', 'w3'])
      await expect.poll(() => test.stateOf(name).catch(() => null), WAIT).toBe('free');
  });
});

describe('what operators want of a node', () => {
  it('drain: at every moment one of the two places works; uncordon ends it', async () => {
    const rented = await rentOn('w1');
    const old = rented.status.connection as Connection;
    expect((await test.call('POST', '/api/nodes/w1/drain')).status).toBe(202);
    const outcomes: string[] = [];
    for (;;) {
      const { node, connection } = (await test.rental(rented.id)).status;
      const [atOld, atShown] = await Promise.all([
        test.login(rented, old, 'true'),
        test.login(rented, connection as Connection, 'true'),
      ]);
      outcomes.push(`${atOld.exitCode} ${atShown.exitCode}`);
      if (node !== 'w1' && atOld.exitCode === 255 && atShown.exitCode === 0) break;
      expect(outcomes.length, outcomes.join(', ')).toBeLessThan(200);
    }
    expect(outcomes.filter((outcome) => !outcome.split(' ').includes('0'))).toEqual([]);
    await expect.poll(() => test.stateOf('w1'), WAIT).toBe('free');
    const schedulable = (await test.node('w1')).status.conditions.find(({ type }) => type === 'Schedulable');
    expect(schedulable).toMatchObject({ status: 'False', reason: 'Draining', message: 'empty' });
    await test.call('POST', '/api/nodes/w1/uncordon');
    await expect
      .poll(
        async () => (await test.node('w1')).status.conditions.find(({ type }) => type === 'Schedulable'),
        WAIT,
      )
      .toMatchObject({ status: 'True' });
    await release(rented);
  });

  it('trust: a changed host key is accepted when it is named, and the node prepared anew', async () => {
    const { execa } = await import('execa');
    const worker = test.lab.workers.get('w2');
    const folder = worker?.folder as string;
    await test.lab.stopWorker('w2');
    for (const name of ['host_key', 'host_key.pub']) await writeFile(join(folder, `${name}.old`), '');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host_key')], {
      input: 'y\n',
    });
    await test.lab.startWorker('w2');
    await expect
      .poll(async () => (await test.node('w2')).status.offeredFingerprint, WAIT)
      .toMatch(/^SHA256:/);
    await expect.poll(() => test.stateOf('w2'), WAIT).toBe('dead');
    const { stdout } = await execa('ssh-keygen', ['-lf', join(folder, 'host_key.pub')]);
    const fingerprint = stdout.split(' ')[1] as string;
    expect((await test.node('w2')).status.offeredFingerprint).toBe(fingerprint);
    const wrong = `SHA256:${'A'.repeat(43)}`;
    const refused = await test.call('POST', '/api/nodes/w2/trust', { fingerprint: wrong });
    expect([refused.status, refused.body.code]).toEqual([409, 'state_conflict']);
    expect((await test.call('POST', '/api/nodes/w2/trust', { fingerprint })).status).toBe(202);
    await expect.poll(() => test.stateOf('w2'), WAIT).toBe('free');
    expect((await test.node('w2')).status).toMatchObject({ offeredFingerprint: null, status: 'alive' });
    const types = (await test.events('&node=w2')).map(({ type }) => type);
    expect(types.slice(types.lastIndexOf('node.trust_requested'))).toEqual(
      expect.arrayContaining(['node.host_key_trusted', 'node.alive', 'node.cleaning', 'node.free']),
    );
  });

  it('clean: a free node is verified again, and a rented one is left alone', async () => {
    const rented = await rentOn('w1');
    const refused = await test.call('POST', '/api/nodes/w1/clean');
    expect([refused.status, refused.body.code]).toEqual([409, 'state_conflict']);
    await release(rented);
    await expect.poll(() => test.stateOf('w1'), WAIT).toBe('free');
    await test.lab.workers.get('w3')?.exec(['sh', '-c', 'cp /bin/true /opt/odd && chmod 4755 /opt/odd']);
    await test.call('POST', '/api/nodes/w3/clean');
    await expect
      .poll(async () => (await test.node('w3')).status.conditions.find(({ type }) => type === 'Clean'), WAIT)
      .toMatchObject({
        status: 'False',
        reason: 'ResidueFound',
        message: expect.stringContaining('/opt/odd'),
      });
    await test.lab.workers.get('w3')?.exec(['rm', '/opt/odd']);
    await test.call('POST', '/api/nodes/w3/clean');
    await expect.poll(() => test.stateOf('w3'), WAIT).toBe('free');
  });

  it('forget: a dead node that left the inventory stays listed until it is given up', async () => {
    const rented = await rentOn('w4');
    await test.lab.stopWorker('w4');
    const refused = await test.call('POST', '/api/nodes/w4/forget');
    expect(refused.body.detail).toContain('it is in the inventory');
    await test.writeInventory([
      ...[1, 2, 3].map((n) => line(`w${n}`, BASE_PORT + n)),
      line('renamed', BASE_PORT + 15),
    ]);
    await test.lab.reload();
    await expect.poll(() => test.phaseOf(rented.id), WAIT).toBe('Active');
    await expect.poll(async () => (await test.rental(rented.id)).status.node, WAIT).not.toBe('w4');
    await expect
      .poll(
        async () => (await test.node('w4')).status.conditions.find(({ type }) => type === 'Schedulable'),
        WAIT,
      )
      .toMatchObject({ reason: 'Retiring', message: expect.stringContaining('orion forget w4') });
    expect((await test.call('POST', '/api/nodes/w4/forget')).status).toBe(202);
    await expect.poll(() => listNames(), WAIT).not.toContain('w4');
    await release(rented);
  });
});
