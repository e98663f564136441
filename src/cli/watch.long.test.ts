import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openTestLab, type TestLab } from '../lab/test-lab.fixture.ts';

// `orion get … -w` as a user runs it, while a machine dies under its client.

const WAIT = { timeout: 60_000, interval: 100 };
const ORION = new URL('../../dist/cli/orion.js', import.meta.url).pathname;
/** Name, phase or status, node or state. */
const CELLS = 3;
let lab: TestLab;
let watches: Watch[] = [];

beforeAll(async () => {
  lab = await openTestLab({ basePort: 28_700, nodes: 3 });
}, 180_000);
afterAll(() => lab?.close());
afterEach(async () => {
  for (const { child, ended } of watches) {
    child.kill('SIGKILL');
    await ended;
  }
  watches = [];
});

interface Watch {
  child: ChildProcess;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
  /** The first cells of each row printed so far for one object, without repetitions. */
  rows(name: string): string[];
  out(): string;
  errors(): string;
}

function orion(line: string, role: 'tenant' | 'admin'): Watch {
  const tokens = lab.lab.tokens;
  const env = {
    ...process.env,
    ORION_URL: lab.lab.url,
    ORION_CA: lab.lab.caPath,
    ORION_TOKEN: tokens?.[role] ?? '',
  };
  const child = spawn(process.execPath, [ORION, ...line.split(' ')], { env });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    err += chunk;
  });
  const watch: Watch = {
    child,
    ended: new Promise((resolve) => child.once('close', resolve)),
    rows: (name) =>
      out
        .split('\n')
        .map((row) => row.split(/ {3,}/).slice(0, CELLS).join(' '))
        .filter((row) => row.startsWith(`${name} `))
        .filter((row, index, rows) => row !== rows[index - 1]),
    out: () => out,
    errors: () => err,
  };
  watches.push(watch);
  return watch;
}

test('every step of a move is printed in its order, through a restart of the daemon, up to the end', async () => {
  const all = orion('get rentals -w', 'tenant');
  const nodes = orion('get nodes -w', 'admin');
  // A rental that waits forever shows that the watch is open before anything happens.
  await lab.call('POST', '/api/rent?wait=0s&queue=true', { name: 'waits', selector: { zone: 'nowhere' } });
  await expect.poll(() => all.rows('waits'), WAIT).toEqual(['waits Pending -']);
  await expect.poll(() => nodes.rows('w3'), WAIT).toEqual(['w3 alive free']);
  const rented = await lab.rent({ name: 'mine' });
  const from = rented.status.node as string;
  const one = orion('get rental mine -w', 'tenant');
  await expect.poll(() => one.rows('mine'), WAIT).toEqual([`mine Active ${from}`]);

  await lab.lab.stopWorker(from);
  await expect
    .poll(async () => (await lab.rental(rented.id)).status, WAIT)
    .toMatchObject({ phase: 'Active', node: expect.not.stringMatching(`^${from}$`) });
  const to = (await lab.rental(rented.id)).status.node as string;
  const moved = [`mine Migrating ${from}`, `mine Active ${to}`];
  await expect.poll(() => one.rows('mine'), WAIT).toEqual([`mine Active ${from}`, ...moved]);
  await expect
    .poll(() => nodes.rows(from), WAIT)
    .toEqual([
      `${from} alive free`,
      `${from} alive provisioning`,
      `${from} alive allocated`,
      `${from} dead dead`,
    ]);
  await metricsTellOf({ from, to });

  const pid = lab.lab.daemonPid('daemon_1') as number;
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => lab.lab.daemonPid('daemon_1'), WAIT).not.toBe(pid);
  await expect
    .poll(() => lab.call('DELETE', `/api/rentals/${rented.id}`).then(({ status }) => status), WAIT)
    .toBe(202);

  expect(await one.ended).toBe(0);
  expect(one.errors()).toBe('');
  const end = ['mine Releasing -', 'mine Released -'];
  expect(one.rows('mine')).toEqual([`mine Active ${from}`, ...moved, ...end]);
  await expect
    .poll(() => all.rows('mine'), WAIT)
    .toEqual(['mine Pending -', `mine Provisioning ${from}`, `mine Active ${from}`, ...moved, ...end]);
  all.child.kill('SIGINT');
  expect(await all.ended).toBe(130);
  expect(all.errors()).toBe('');
}, 180_000);

test('events go on after the newest that was printed, and end with Ctrl-C', async () => {
  const watch = orion('get events --limit 1 -w -o json', 'tenant');
  const told = () =>
    watch
      .out()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { type: string; rental: string });
  await expect.poll(() => told().length, WAIT).toBe(1);
  const { id } = await lab.rent({ name: 'told' });
  const types = () =>
    told()
      .filter(({ rental }) => rental === id)
      .map(({ type }) => type);
  await expect.poll(types, WAIT).toEqual(['rental.created', 'rental.placed', 'rental.active']);
  watch.child.kill('SIGINT');
  expect(await watch.ended).toBe(130);
}, 120_000);

/** Checks that each step of the story shows in the daemon's metrics. */
async function metricsTellOf({ from, to }: { from: string; to: string }): Promise<void> {
  const { status, body } = await lab.call('GET', '/metrics');
  expect(status).toBe(200);
  const figure = (series: string) => {
    const line = (body as string).split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  };
  expect(figure('orion_database_up')).toBe(1);
  expect(figure('orion_leader')).toBe(1);
  expect(figure('orion_breaker_open')).toBe(0);
  expect(figure('orion_inventory_last_read_ok')).toBe(1);
  expect(figure('orion_nodes{state="dead"}')).toBe(1);
  expect(figure('orion_nodes{state="allocated"}')).toBe(1);
  expect(figure('orion_nodes_free')).toBe(1);
  expect(figure('orion_rentals{phase="Active"}')).toBe(1);
  const reachable = (await lab.node(from)).status.conditions.find(({ type }) => type === 'Reachable');
  expect(figure(`orion_node_unreachable{node="${from}",reason="${reachable?.reason}"}`)).toBe(1);
  expect(body).not.toContain(`node="${to}"`);
  expect(figure(`orion_probes_total{reason="${reachable?.reason}"}`)).toBeGreaterThan(0);
  expect(figure('orion_probes_total{reason="Alive"}')).toBeGreaterThan(0);
  expect(figure('orion_events_total{type="rental.migrated",reason="Provisioned"}')).toBe(1);
  expect(figure('orion_work_duration_seconds_count{kind="ensureAccess",outcome="done"}')).toBe(2);
  expect(figure('orion_pass_duration_seconds_count{outcome="done"}')).toBeGreaterThan(0);
}
