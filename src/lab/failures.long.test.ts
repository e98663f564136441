import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../cli/run.ts';
import { createTable } from '../cli/table.ts';
import { REMEDIES } from '../core/failure/remedy.ts';
import type { NodeView } from '../core/view/node-view.ts';
import { type FailingNode, type FailingNodes, openFailingNodes } from './failing-nodes.fixture.ts';
import { readMetrics } from './metric.fixture.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';
import type { Worker } from './worker.ts';

const WAIT = { timeout: 200_000, interval: 250 };
const BASE_PORT = 28_740;
let test: TestLab;
let far: string;
let failing: FailingNodes;
let daemonPid: number | null;

beforeAll(async () => {
  far = await mkdtemp(join(tmpdir(), 'orion-far-'));
  const policy = [
    'probe: { deadAfter: 5s, successes: 1, healthyDelay: 0s, timeout: 4s, interval: 5s }',
    // No node gets as far as quarantine during the test.
    'clean: { retries: 100 }',
  ];
  test = await openTestLab({ basePort: BASE_PORT, nodes: 2, policy: policy.join('\n  ') });
  const neighbour = test.lab.workers.get('w1') as Worker;
  failing = await openFailingNodes({ home: far, firstPort: BASE_PORT + 20, neighbour });
  // Pinned: `cable` forwards to w1. Without that neither would be lent.
  const well = [...test.lab.workers.values()].map(
    ({ spec, hostKey }) =>
      `{ name: ${spec.name}, port: ${spec.port}, hostKey: ${hostKey}, labels: { is: ${spec.name} } }`,
  );
  await test.writeInventory([...well, ...failing.nodes.map(({ line }) => line)]);
  daemonPid = test.lab.daemonPid('daemon_1');
  process.kill(daemonPid as number, 'SIGHUP');
  // Read, and w1 can be rented.
  await vi.waitUntil(async () => {
    const node = (await listNodes()).get('w1');
    return node?.spec.labels.is === 'w1' && node.status.state === 'free';
  }, WAIT);
}, 240_000);
afterAll(async () => {
  await failing?.close();
  await test?.close();
  await rm(far, { recursive: true, force: true });
});

const conditionOf = (node: NodeView | undefined, type: string) =>
  node?.status.conditions.find((condition) => condition.type === type);
async function listNodes(): Promise<Map<string, NodeView>> {
  const { items } = (await test.call('GET', '/api/nodes?limit=500')).body;
  return new Map(items.map((node: NodeView) => [node.name, node]));
}

/** What the command prints. */
async function orion(...args: string[]): Promise<string> {
  let out = '';
  const { url, caPath, tokens } = test.lab;
  const code = await run(args, {
    env: { HOME: test.home, ORION_URL: url, ORION_CA: caPath, ORION_TOKEN: tokens?.admin },
    out: (text) => {
      out += text;
    },
    err: (text) => void console.error(text),
    terminal: () => null,
    input: { isTerminal: false, readAll: async () => '', ask: async () => '' },
    self: ['orion'],
    signal: new AbortController().signal,
    now: () => new Date(),
    runProgram: async () => 1,
  });
  expect(code).toBe(0);
  return out;
}

/** The session of the Ansible run that talks to this port. */
function findRun(port: number): number | null {
  const mark = `ORION_RUNNER=${join(test.home, 'run', 'playbooks-daemon_1')}`;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      if (!command.startsWith('ssh\0') || !command.includes(`Port=${port}`)) continue;
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark)) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
    } catch {
      // gone meanwhile
    }
  }
  return null;
}

describe('a fleet on which everything fails at once', () => {
  it('lends what is well, and probes it while the others hang', async () => {
    const rented = await test.rent({ selector: { matchLabels: { is: 'w1' } } });
    const times = { w1: new Set<string | null>(), mute: new Set<string | null>() };
    await expect
      .poll(async () => {
        const nodes = await listNodes();
        for (const [name, seen] of Object.entries(times))
          seen.add(nodes.get(name)?.status.lastChecked ?? null);
        return [times.w1.size >= 3, times.mute.size >= 3, nodes.get('mute')?.status.status];
      }, WAIT)
      .toEqual([true, true, 'dead']);
    const nodes = await listNodes();
    expect(nodes.get('w1')?.status).toMatchObject({ status: 'alive', state: 'allocated', rental: rented.id });
    await test.call('DELETE', `/api/rentals/${rented.id}`);
  }, 240_000);

  it('shows each failure under its own name, whether it is tried again, and what to do', async () => {
    const killed = failing.nodes.find(({ reason }) => reason === 'PlaybookKilled') as FailingNode;
    const port = Number(/port: (\d+)/.exec(killed.line)?.[1]);
    let session: number | null = null;
    await expect.poll(() => (session = findRun(port)), WAIT).not.toBeNull();
    process.kill(-(session as unknown as number), 'SIGKILL');

    const rows = new Map<string, string[]>();
    await expect
      .poll(async () => {
        const nodes = await listNodes();
        const left = failing.nodes.filter(({ name }) => !rows.has(name));
        for (const node of left) {
          const condition = conditionOf(nodes.get(node.name), node.condition);
          if (condition?.reason === node.reason) rows.set(node.name, await describeRow(node));
        }
        return failing.nodes.flatMap(({ name, reason, condition: type }) =>
          rows.has(name) ? [] : [`${name}: ${reason}, not ${conditionOf(nodes.get(name), type)?.reason}`],
        );
      }, WAIT)
      .toEqual([]);
    const table = createTable(['FAILURE', 'HOW IT WAS MADE', 'REASON', 'TRIED AGAIN']);
    console.log(table.format([...rows.values()]));
    expect(new Set(failing.nodes.map(({ reason }) => reason)).size).toBeGreaterThanOrEqual(20);
  }, 240_000);

  async function describeRow({ name, failure, how, reason }: FailingNode): Promise<string[]> {
    const text = await orion('describe', 'node', name);
    const next = text.split('\n').find((line) => line.includes(REMEDIES[reason].operator));
    expect(next, `${name}: ${text}`).toBeDefined();
    const [shown = '', again = ''] = (next as string).trim().split(/ {3,}/);
    expect(shown).toBe(reason);
    expect(again).toMatch(/^(retried (now|in \d+m?\d*s|by the next probe)|waits for .+)$/);
    return [failure, how, shown, again];
  }

  it('has told the history once why each of them fails, however often it was tried', async () => {
    for (const { name, reason, condition } of failing.nodes) {
      const events = await test.events(`&node=${name}`);
      const told = events.filter((event) => event.reason === reason).map(({ type }) => type);
      // On a busy machine a node may be dead before the reconciler sees it as suspect.
      const expected = condition === 'Clean' ? /^node.cleaning_failed$/ : /^(node.suspect )?node.dead$/;
      expect(told.join(' '), name).toMatch(expected);
    }
  });

  it('counts each in the metrics, by type and reason', async () => {
    const text = await readMetrics(test);
    for (const { reason, condition } of failing.nodes) {
      const type = condition === 'Clean' ? 'node.cleaning_failed' : 'node.dead';
      expect(text).toMatch(new RegExp(`^orion_events_total{type="${type}",reason="${reason}"} [1-9]`, 'm'));
    }
  });

  it('has not ended the daemon', () => {
    expect(test.lab.daemonPid('daemon_1')).toBe(daemonPid);
  });
});

it('a rental that a failure holds up says which, and where', async () => {
  const worker = test.lab.workers.get('w2') as Worker;
  const place = '/etc/ssh/orion';
  await worker.exec(['sh', '-ec', `mount --bind ${place} ${place}; mount -o remount,bind,ro ${place}`]);
  const sshPublicKey = (await readFile(join(test.home, 'keys', 'control_ed25519.pub'), 'utf8')).trim();
  const body = { name: 'held', sshPublicKey, selector: { matchLabels: { is: 'w2' } } };
  const { id } = (await test.call('POST', '/api/rentals', body)).body;
  const reasonsOf = async () => {
    const { status } = await test.rental(id);
    const node = (await listNodes()).get('w2');
    return [
      status.placements[0]?.endReason,
      conditionOf(node, 'Provisioned')?.reason,
      conditionOf(node, 'Clean')?.reason,
    ];
  };
  const reason = 'ReadOnlyFilesystem';
  await expect.poll(reasonsOf, WAIT).toEqual([reason, reason, reason]);
  const ready = (await test.rental(id)).status.conditions.find(({ type }) => type === 'Ready');
  expect(ready?.message).toContain(`the account could not be made on w2 (${reason})`);
  expect(await orion('describe', 'rental', id)).toMatch(/w2 .* ReadOnlyFilesystem/);
  const told = (await test.events(`&rental=${id}`)).find(({ type }) => type === 'rental.placement_failed');
  expect(told).toMatchObject({ reason, node: 'w2' });
}, 240_000);
