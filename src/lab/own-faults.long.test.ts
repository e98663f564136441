import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPool } from '../store/pool.ts';
import { type Connection, openTestLab, type TestLab } from './test-lab.fixture.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const BASE_PORT = 29_480;
/** So many that one dead machine and four that never lived would open the breaker, had they been counted. */
const NODES = 5;
let test: TestLab;

beforeAll(async () => {
  test = await openTestLab({ basePort: BASE_PORT, nodes: NODES });
}, 180_000);
afterAll(() => test?.close());
beforeEach(() => test.settle(), 120_000);

const phaseOf = async (id: string) => (await test.rental(id)).status.phase;
const stateOf = async (name: string) => (await test.node(name)).status.state;

describe('machines that are listed before they are switched on', () => {
  const unborn = Array.from({ length: 4 }, (_, i) => `w${NODES + 1 + i}`);

  it('hold nobody: a client whose machine dies is moved', async () => {
    const listed = (names: string[]) =>
      names.map((name) => `{ name: ${name}, port: ${BASE_PORT + Number(name.slice(1))} }`);
    const apply = async (names: string[]) => {
      await test.writeInventory(listed(names));
      const answer = await test.call('POST', '/api/inventory/apply', {});
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    };
    const old = [...test.lab.workers.keys()];
    const rented = await test.rent();
    await apply([...old, ...unborn]);
    try {
      for (const name of unborn) await expect.poll(() => stateOf(name), WAIT).toBe('dead');
      const node = rented.status.node as string;
      await test.lab.stopWorker(node);
      await expect.poll(async () => (await test.rental(rented.id)).status.node, WAIT).not.toBe(node);
      await expect.poll(() => phaseOf(rented.id), WAIT).toBe('Active');
      const opened = (await test.events('&type=pool.breaker_opened')).map(({ message }) => message);
      expect(opened).toEqual([]);
    } finally {
      // 44 % of the lines, and nothing that anybody was ever on: no force is asked for.
      await apply(old);
    }
    for (const name of unborn)
      await expect.poll(async () => (await test.call('GET', `/api/nodes/${name}`)).status, WAIT).toBe(404);
  });
});

describe('a daemon that has no file descriptors left', () => {
  it('blames no node, says so itself, and is well again when it has some', async () => {
    const rented = await test.rent();
    const pid = String(test.lab.daemonPid('daemon_1'));
    const limit = async (soft: string) => execa('prlimit', ['--pid', pid, `--nofile=${soft}:`]);
    const { stdout } = await execa('prlimit', ['--pid', pid, '--nofile', '--noheadings', '--output', 'SOFT']);
    const seen = (await test.events()).length;
    const readiness = async () => (await test.call('GET', '/readyz')).status;
    // The daemon accepts nobody now, and the proxy asks it nothing while it is not ready.
    const pool = createPool({ url: test.lab.databaseUrl, connectionLimit: 1 });
    const sinceFaultMs = () =>
      pool.withSession(async ({ execute }) => {
        const rows = await execute("SELECT at FROM events WHERE type = 'daemon.fault'");
        const [fault] = rows as unknown as { at: string }[];
        return fault ? Date.now() - Date.parse(`${fault.at}Z`) : 0;
      });
    // Below the lowest that is ever closed: not one can be opened.
    await limit('10');
    try {
      // Enough for a verdict on each of the five, had they been blamed: three times `deadAfter`.
      await expect.poll(sinceFaultMs, WAIT).toBeGreaterThan(9_000);
      expect(await readiness()).not.toBe(200);
    } finally {
      await limit(stdout.trim());
      await pool.close();
    }
    await expect.poll(readiness, WAIT).toBe(200);
    const news = async () => (await test.events()).slice(seen).map(({ type }) => type);
    await expect.poll(news, WAIT).toEqual(['daemon.fault', 'daemon.recovered']);
    const log = await readFile(join(test.home, 'logs', 'daemon_1.log'), 'utf8');
    expect(log.split('\n').filter((line) => line.includes('the control plane lacks something'))).toEqual([
      expect.stringContaining('EMFILE'),
    ]);
    await test.expectNotMoved(rented);
    expect((await test.login(rented, rented.status.connection as Connection, 'true')).exitCode).toBe(0);
  });
});
