import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { playSession } from './session/play.ts';
import { createCast, readTranscript, type Step, shapeOf } from './session/transcript.ts';
import { CHECKOUT } from './settings.ts';
import { type Connection, openTestLab, type Rented, type TestLab, WAIT } from './test-lab.fixture.ts';

let test: TestLab;

beforeAll(async () => {
  test = await openTestLab({ basePort: 28_500, nodes: 5 });
}, 180_000);
afterAll(() => test?.close());
beforeEach(() => test.settle(), 120_000);

describe('renting', () => {
  it('gives a login with an empty body, and takes it away on release', async () => {
    const rented = await test.rent();
    const connection = rented.status.connection as Connection;
    expect(rented.status.phase).toBe('Active');
    expect(connection.command).toBe(`ssh -p ${connection.port} ${connection.user}@${connection.host}`);
    expect(await test.login(rented, connection, 'id -un; echo $HOME')).toMatchObject({
      exitCode: 0,
      stdout: `${connection.user}\n/home/${connection.user}`,
    });
    expect((await test.call('DELETE', `/api/rentals/${rented.id}`)).status).toBe(202);
    await expect.poll(() => test.phaseOf(rented.id), WAIT).toBe('Released');
    expect((await test.login(rented, connection, 'true')).exitCode).toBe(255);
    await expect.poll(() => test.stateOf(rented.status.node as string), WAIT).toBe('free');
  });

  it('never gives a node twice: of 20 requests at once on 5 nodes, 5 get one and 15 leave nothing behind', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => test.call('POST', '/api/rent', {})));
    const given = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status === 503);
    expect([given.length, refused.length]).toEqual([5, 15]);
    expect(new Set(given.map(({ body }) => body.status.node)).size).toBe(5);
    for (const { headers, body } of refused) {
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(body.code).toBe('no_free_node');
    }
    const { body } = await test.call('GET', '/api/rentals?limit=500');
    expect(body.items.map(({ id }: Rented) => id).toSorted()).toEqual(
      given.map(({ body }) => body.id).toSorted(),
    );
  });
});

describe('a rented node that dies, under a daemon that does', () => {
  it('is left for another, where the client logs in; it is cleaned before it is free again', async () => {
    const created = await test.call('POST', '/api/rentals', {
      sshPublicKey: await readKey('control_ed25519.pub'),
    });
    expect(created.status).toBe(202);
    const rented = { ...created.body, privateKey: await readKey('control_ed25519') } as Rented;
    const { id } = rented;
    await killDuring(() => test.phaseOf(id), 'Provisioning');
    await expect.poll(() => test.phaseOf(id).catch(() => null), WAIT).toBe('Active');

    const node = (await test.rental(id)).status.node as string;
    const old = await test.connectionOf(id);
    const leave = 'setsid -f sleep 3000 </dev/null >/dev/null 2>&1; touch /var/tmp/mine ~/mine';
    expect((await test.login(rented, old, leave)).exitCode).toBe(0);
    await test.lab.stopWorker(node);
    await killDuring(() => test.phaseOf(id), 'Migrating');
    await expect.poll(() => test.phaseOf(id).catch(() => null), WAIT).toBe('Active');
    const next = (await test.rental(id)).status.node as string;
    expect(next).not.toBe(node);
    const moved = await test.connectionOf(id);
    expect(moved.user).toBe(old.user);
    expect((await test.login(rented, moved, 'id -un')).stdout).toBe(old.user);
    const types = (await test.events(`&rental=${id}`)).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['rental.migrating', 'rental.migrated']));

    await test.lab.startWorker(node);
    await expect.poll(() => test.stateOf(node), WAIT).toBe('free');
    expect((await test.login(rented, old, 'true')).exitCode).toBe(255);
    const left = await run(
      node,
      `getent passwd ${old.user}; ls /home /var/tmp; cat /etc/ssh/orion/* 2>/dev/null`,
    );
    expect(left).not.toContain(old.user);
    expect(left).not.toContain('mine');

    await test.call('DELETE', `/api/rentals/${id}`);
    await killDuring(() => test.stateOf(next), 'cleaning');
    await expect.poll(() => test.phaseOf(id).catch(() => null), WAIT).toBe('Released');
    await expect.poll(() => test.stateOf(next), WAIT).toBe('free');
    expect(await run(next, "getent passwd | cut -d: -f3 | awk '$1>=20000 && $1<60000'")).toBe('');

    // The quality of service is computed from the history, so a daemon's death does not change it.
    const figures = async () => (await test.call('GET', `/api/qos?rental=${id}`)).body?.total;
    const before = await figures();
    expect(before).toMatchObject({
      moves: 1,
      outages: 1,
      times: { detection: { count: 1 }, move: { count: 1 } },
    });
    expect(before.withoutNodeSeconds).toBeGreaterThan(0);
    await test.killDaemon();
    await expect.poll(() => figures().catch(() => null), WAIT).toEqual(before);
  }, 240_000);

  async function killDuring(read: () => Promise<string | undefined>, state: string): Promise<void> {
    await expect.poll(read, { ...WAIT, interval: 10 }).toBe(state);
    await test.killDaemon();
  }
  /** What a script prints on a worker, as root. */
  const run = async (node: string, script: string) =>
    (await test.lab.workers.get(node)?.exec(['sh', '-c', script]))?.stdout;
});

describe('a pause', () => {
  it('leaves everything as it is until somebody lets it go on, also over a restart of the daemon', async () => {
    const rented = await test.rent();
    const busy = rented.status.node as string;
    const readyOf = async (id: string) =>
      (await test.rental(id)).status.conditions.find(({ type }) => type === 'Ready');
    const paused = await test.call('POST', '/api/pool/pause', { reason: 'new switch' });
    expect(paused.status).toBe(202);
    try {
      await test.killDaemon();
      const create = async () =>
        test.call('POST', '/api/rentals', { sshPublicKey: await readKey('control_ed25519.pub') });
      let id = '';
      await expect
        .poll(async () => {
          const answer = await create().catch(() => null);
          id = answer?.body?.id ?? '';
          return answer?.status;
        }, WAIT)
        .toBe(202);
      await test.call('DELETE', `/api/rentals/${rented.id}`);
      const told = { reason: 'Paused', message: expect.stringContaining('new switch') };
      await expect.poll(() => readyOf(id), WAIT).toMatchObject({ status: 'False', ...told });
      // The client still has access.
      await expect.poll(() => readyOf(rented.id), WAIT).toMatchObject({ status: 'True', ...told });
      expect(await test.phaseOf(id)).toBe('Pending');
      expect(await test.stateOf(busy)).toBe('allocated');
      const connection = rented.status.connection as Connection;
      expect((await test.login(rented, connection, 'true')).exitCode).toBe(0);
      // Nodes are still watched.
      const idle = (await test.call('GET', '/api/nodes')).body.items
        .map(({ name }: { name: string }) => name)
        .find((name: string) => name !== busy) as string;
      await test.lab.stopWorker(idle);
      await expect.poll(() => test.stateOf(idle), WAIT).toBe('dead');
      expect((await test.call('POST', '/api/pool/resume')).status).toBe(202);
      await expect.poll(() => test.phaseOf(id), WAIT).toBe('Active');
      await expect.poll(() => test.phaseOf(rented.id), WAIT).toBe('Released');
    } finally {
      await test.call('POST', '/api/pool/resume');
    }
    const told = (await test.events()).filter(({ type }) => /^pool\.(paused|resumed)/.test(type));
    expect(told.map(({ type }) => type)).toEqual(['pool.paused', 'pool.resumed']);
    expect(told[0]?.message).toMatch(/^by .*: new switch$/);
  });
});

describe('the session in the README', () => {
  it('is what somebody sees who types it', async () => {
    const script = readTranscript(await readFile(join(CHECKOUT, 'README.md'), 'utf8'));
    const env = { ...process.env, HOME: test.home, ORION_INVENTORY: join(test.home, 'inventory.yaml') };
    const orion = [process.execPath, join(CHECKOUT, 'dist', 'cli', 'orion.js')];
    const { steps } = await playSession({ home: test.home, orion, env }, script);
    const shapes = (of: readonly Step[]) => {
      const cast = createCast();
      return of.map(({ command, lines }) => shapeOf([command, ...lines], cast));
    };
    expect(shapes(steps)).toEqual(shapes(script));
  }, 180_000);
});

/** A key of the lab, as OpenSSH reads it. */
const readKey = (file: string) => readFile(join(test.home, 'keys', file), 'utf8');
