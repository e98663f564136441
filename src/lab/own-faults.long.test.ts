import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPool } from '../store/connection/pool.ts';
import { type Connection, openTestLab, type TestLab, WAIT } from './test-lab.fixture.ts';

const BASE_PORT = 29_480;
/** With this many, one dead machine and four that never lived would open the breaker, if those counted. */
const NODES = 5;
let test: TestLab;

beforeAll(async () => {
  test = await openTestLab({ basePort: BASE_PORT, nodes: NODES });
}, 180_000);
afterAll(() => test?.close());
beforeEach(() => test.settle(), 120_000);

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
      for (const name of unborn) await expect.poll(() => test.stateOf(name), WAIT).toBe('dead');
      const node = rented.status.node as string;
      await test.lab.stopWorker(node);
      await expect.poll(async () => (await test.rental(rented.id)).status.node, WAIT).not.toBe(node);
      await expect.poll(() => test.phaseOf(rented.id), WAIT).toBe('Active');
      const opened = (await test.events('&type=pool.breaker_opened')).map(({ message }) => message);
      expect(opened).toEqual([]);
    } finally {
      // 44 % of the lines, but nobody was ever on these nodes: no force is required.
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
    // The daemon accepts no connection now, and the proxy sends it nothing while it is not ready.
    const pool = createPool({ url: test.lab.databaseUrl, connectionLimit: 1 });
    const sinceFaultMs = () =>
      pool.withConnection(async ({ execute }) => {
        const rows = await execute("SELECT at FROM events WHERE type = 'daemon.fault'");
        const [fault] = rows as unknown as { at: string }[];
        return fault ? Date.now() - Date.parse(`${fault.at}Z`) : 0;
      });
    // Below the lowest descriptor that is ever closed: none can be opened.
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

describe('a lease', () => {
  it('ends on the node itself while the daemon stands still, and for good in the first pass after that', async () => {
    const rented = await test.rent({ ttl: '1m' });
    const node = rented.status.node as string;
    const connection = rented.status.connection as Connection;
    const worker = test.lab.workers.get(node);
    const endOnNode = async () => {
      const file = await worker?.exec(['cat', `/etc/ssh/orion/${connection.user}`]);
      return /expiry-time="(\d{14})Z"/.exec(file?.stdout ?? '')?.[1];
    };
    const told = (at: string | null) => {
      const upToSecond = new Date(Math.ceil(Date.parse(at ?? '') / 1_000) * 1_000);
      return upToSecond.toISOString().replace(/\D/g, '').slice(0, 14);
    };
    await expect.poll(endOnNode, WAIT).toBe(told(rented.status.expiresAt));
    expect((await test.call('PATCH', `/api/rentals/${rented.id}`, { ttl: '20s' })).status).toBe(200);
    await expect
      .poll(async () => (await test.rental(rented.id)).status.expiresAt, WAIT)
      .not.toBe(rented.status.expiresAt);
    const { expiresAt } = (await test.rental(rented.id)).status;
    await expect.poll(endOnNode, WAIT).toBe(told(expiresAt));

    const daemon = test.lab.daemonPid('daemon_1') as number;
    process.kill(daemon, 'SIGSTOP');
    try {
      expect((await test.login(rented, connection, 'id -un')).stdout).toBe(connection.user);
      await expect.poll(async () => (await test.login(rented, connection, 'true')).exitCode, WAIT).toBe(255);
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt ?? ''));
      // The login is refused although the key is still there: the node itself ended the access.
      expect(await endOnNode()).toBe(told(expiresAt));
    } finally {
      process.kill(daemon, 'SIGCONT');
    }
    await expect.poll(() => test.phaseOf(rented.id).catch(() => null), WAIT).toBe('Released');
    await expect.poll(() => test.stateOf(node), WAIT).toBe('free');
    expect((await worker?.exec(['getent', 'passwd', connection.user]))?.stdout).toBe('');
    const [ended] = (await test.events(`&rental=${rented.id}&type=rental.expired`)).map(
      ({ reason }) => reason,
    );
    expect(ended).toBe('Expired');
  });
});
