import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { listMarked } from './processes.ts';
import { type Connection, openTestLab, type Rented, type TestLab } from './test-lab.fixture.ts';
import { ensureKeyPair } from './worker.ts';

const WAIT = { timeout: 400_000, interval: 100 };
const BASE_PORT = 29_360;
const NAMES = ['w1', 'w2', 'w3', 'w4'];
let test: TestLab;
let sshPublicKey: string;

beforeAll(async () => {
  const policy = [
    'probe: { deadAfter: 5s, successes: 1, healthyDelay: 0s, timeout: 4s, interval: 5s }',
    'provision: { timeout: 15s }',
    'clean: { retries: 2, timeout: 60s }',
  ];
  test = await openTestLab({ basePort: BASE_PORT, nodes: NAMES.length, policy: policy.join('\n  ') });
  sshPublicKey = await ensureKeyPair(join(test.home, 'keys', 'client'), 'client');
  // On one node Orion is not root but may become root. The node joins again, so that this counts as intended.
  await changeFleet(NAMES.filter((name) => name !== 'w3'));
  await vi.waitUntil(async () => (await test.call('GET', '/api/nodes/w3')).status === 404, WAIT);
  await byHand(
    'w3',
    `useradd -m -s /bin/sh -p '*' ops && cp -r /root/.ssh /home/ops/ && chown -R ops /home/ops/.ssh
    echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers && chmod 440 /etc/sudoers`,
  );
  await changeFleet(NAMES);
}, 400_000);
afterAll(() => test?.close());
beforeEach(() => test.settle(), 240_000);

async function changeFleet(names: string[]): Promise<void> {
  await test.writeInventory(
    names.map((name) => {
      const user = name === 'w3' ? 'ops' : 'root';
      return `{ name: ${name}, port: ${BASE_PORT + Number(name.slice(1))}, user: ${user} }`;
    }),
  );
  process.kill(test.lab.daemonPid('daemon_1') as number, 'SIGHUP');
}

async function byHand(node: string, script: string): Promise<void> {
  expect(await test.lab.workers.get(node)?.exec(['bash', '-ec', script])).toMatchObject({ exitCode: 0 });
}

const schedulable = async (node: string) =>
  (await test.node(node)).status.conditions.find(({ type }) => type === 'Schedulable')?.reason;

/** No other node can be chosen when it is placed; once that node fails it, all can again. */
async function rentByWayOf(node: string, name: string): Promise<string> {
  const others = [...test.lab.workers.keys()].filter((other) => other !== node);
  for (const other of others) {
    await test.call('POST', `/api/nodes/${other}/cordon`);
    await expect.poll(() => schedulable(other), WAIT).toBe('Cordoned');
  }
  const { body } = await test.call('PUT', `/api/rentals/${name}`, { sshPublicKey });
  const first = async () => (await test.rental(body.id)).status.placements[0]?.node;
  await expect.poll(first, WAIT).toBe(node);
  await Promise.all(others.map((other) => test.call('POST', `/api/nodes/${other}/uncordon`)));
  return body.id;
}

/** Active on another node, to which it went without a pause after the first one had failed it. */
async function expectAnother(id: string, node: string, reason: string): Promise<void> {
  await expect.poll(() => test.phaseOf(id), WAIT).toBe('Active');
  const { status } = await test.rental(id);
  expect(status.node).not.toBe(node);
  expect(status.placements.map((placement) => placement.endReason)).toEqual([reason, null]);
  const types = (await test.events(`&rental=${id}`)).map(({ type }) => type);
  const told = types.filter((type) => /placed|placement_failed|waiting|active/.test(type));
  expect(told).toEqual(['rental.placed', 'rental.placement_failed', 'rental.placed', 'rental.active']);
  const privateKey = await readFile(join(test.home, 'keys', 'client'), 'utf8');
  const client = { id, privateKey } as Rented;
  expect((await test.login(client, status.connection as Connection, 'true')).exitCode).toBe(0);
}

/** The pauses between the tries on a node until it is given up, in milliseconds. */
async function watchTries(node: string): Promise<number[]> {
  const pauses = new Map<string, number>();
  await expect
    .poll(async () => {
      const { state, nextAttemptAt: next } = (await test.node(node)).status;
      const waits = next !== null && state === 'cleaning' && !pauses.has(next);
      if (waits) pauses.set(next, Date.parse(next) - Date.now());
      return state;
    }, WAIT)
    .toBe('quarantined');
  return [...pauses.values()];
}

const BROKEN = [
  {
    node: 'w1',
    reason: 'NoPython',
    damage: 'mv /usr/bin/python3 /usr/bin/python3.away',
    repair: 'mv /usr/bin/python3.away /usr/bin/python3',
  },
  {
    node: 'w3',
    reason: 'PrivilegeRefused',
    damage: 'mv /etc/sudoers /root/sudoers.away',
    repair: 'mv /root/sudoers.away /etc/sudoers',
  },
];

describe('nodes on which python3 or sudo breaks', () => {
  it('are passed over at once, tried again ever more slowly, and then quarantined until a person helps', async () => {
    const watched: { node: string; tried: Promise<number[]> }[] = [];
    for (const { node, reason, damage } of BROKEN) {
      await byHand(node, damage);
      const id = await rentByWayOf(node, `passed-over-${node}`);
      watched.push({ node, tried: watchTries(node) });
      await expectAnother(id, node, reason);
    }
    for (const { node, tried } of watched) {
      const pauses = await tried;
      console.log(`${node}: pauses of ${pauses.map((ms) => Math.round(ms / 1000)).join(', ')} s`);
      expect(pauses).toHaveLength(2);
      expect(pauses[1]).toBeGreaterThan(pauses[0] as number);
    }
    for (const { node, reason, repair } of BROKEN) {
      const clean = (await test.node(node)).status.conditions.find(({ type }) => type === 'Clean');
      expect(clean).toMatchObject({ reason: 'Quarantined', message: expect.stringContaining(reason) });
      await byHand(node, repair);
      await test.call('POST', `/api/nodes/${node}/clean`);
      await expect.poll(() => test.stateOf(node), WAIT).toBe('free');
    }
  }, 900_000);
});

describe('a node on which a playbook sleeps for ever', () => {
  it('is given up at the deadline, nothing of the run is left, and its client gets another one at once', async () => {
    await byHand(
      'w2',
      `rm /usr/bin/python3; printf '#!/bin/sh\\nexec sleep infinity\\n' >/usr/bin/python3; chmod 755 /usr/bin/python3`,
    );
    const id = await rentByWayOf('w2', 'sleeper');
    await expectAnother(id, 'w2', 'PlaybookTimeout');
    // The next order, to clean the node, hangs in the same way. What the first one started is gone nevertheless.
    const spoken = await countRunsOf(BASE_PORT + 2);
    expect(spoken).toBeLessThanOrEqual(1);
    await byHand('w2', 'rm /usr/bin/python3; ln -s python3.11 /usr/bin/python3; pkill -x sleep');
    await expect.poll(() => test.stateOf('w2'), WAIT).toBe('free');
    await expect.poll(() => countRunsOf(BASE_PORT + 2), WAIT).toBe(0);
  }, 900_000);
});

/** Processes of Ansible that talk to the node at this port. */
async function countRunsOf(port: number): Promise<number> {
  const runs = await listMarked('ORION_RUNNER', join(test.home, 'run', 'playbooks-daemon_1'));
  const commands = await Promise.all(
    runs.map(({ pid }) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  );
  return commands.filter((command) => command.startsWith('ssh\0') && command.includes(`Port=${port}`)).length;
}
