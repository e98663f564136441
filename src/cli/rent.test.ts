import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ParsedKey, utils } from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renderScreen } from '../lab/session/screen.ts';
import { type Answer, type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';
import type { Io } from './io.ts';
import { findStoredKey } from './key-files.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

let api: FakeApi | null = null;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orion-cli-'));
});

afterEach(async () => {
  await api?.close();
  api = null;
  rmSync(folder, { recursive: true });
});

async function orion(argv: string[], answer: Answer, more?: Parameters<typeof runOrion>[2]) {
  api = await startFakeApi(answer);
  return runOrion(argv, { ORION_URL: api.url, ORION_TOKEN: 't', XDG_STATE_HOME: folder }, more);
}

const PENDING = fakeRental({ phase: 'Provisioning', connection: null, expiresAt: null });
const bodyOf = (index: number) => api?.requests[index]?.body as { sshPublicKey: string };
const storedKey = () => join(folder, 'orion', 'keys', 'r_abc');

test('a machine that is ready at once', async () => {
  const ran = await orion(['rent', '--label', 'size=small', '--label', 'gpu=no', '--zone', 'a'], () => ({
    status: 201,
    body: fakeRental(),
  }));
  expect(ran.code).toBe(0);
  expect(ran.out).toBe(`ssh -i ${storedKey()} -p 22221 r7f3k2a9@127.0.0.1\n`);
  expect(api?.requests[0]).toMatchObject({
    line: 'POST /api/rent?wait=400ms',
    body: { selector: { matchLabels: { size: 'small', gpu: 'no' }, zone: 'a' } },
  });
  const stored = utils.parseKey(readFileSync(storedKey())) as ParsedKey;
  expect(`ssh-ed25519 ${stored.getPublicSSH().toString('base64')}`).toBe(bodyOf(0).sshPublicKey);
  expect(statSync(storedKey()).mode & 0o777).toBe(0o600);
});

test('one that takes longer is followed step by step', async () => {
  const ran = await orion(['rent', '--queue', '-o', 'json'], ({ line }) =>
    line.startsWith('POST')
      ? { status: 202, body: PENDING }
      : {
          stream: [
            { event: 'rental', id: '1', data: PENDING },
            { event: 'rental', id: '2', data: fakeRental() },
          ],
        },
  );
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.out)).toEqual({ ...fakeRental(), privateKeyPath: storedKey() });
  expect(ran.err).toMatch(
    /^requesting a machine\nquick-fox: provisioning on worker_1\nquick-fox: ready in \d+\.\d s on worker_1, until \S+\n$/,
  );
  expect(api?.requests[0]?.line).toBe('POST /api/rent?wait=0s&queue=true');
});

test.each([
  ['piped', null],
  ['at a terminal, where each line is drawn over while it lasts', { columns: 80, rows: 24 }],
])('the place in the queue is told as it changes: %s', async (_name, size) => {
  const queued = (place: number) => ({
    ...PENDING.status,
    phase: 'Pending' as const,
    node: null,
    queuePosition: place,
  });
  const statuses = [queued(2), queued(1), { ...PENDING.status, node: 'worker_3' }, { node: 'worker_3' }];
  const ran = await orion(
    ['rent', '--queue'],
    ({ line }) =>
      line.startsWith('POST')
        ? { status: 202, body: fakeRental(queued(2)) }
        : { stream: statuses.map((status) => ({ event: 'rental', data: fakeRental(status) })), hang: true },
    { terminal: () => size },
  );
  expect(ran.code).toBe(0);
  expect(ran.out).toBe(`ssh -i ${storedKey()} -p 22221 r7f3k2a9@127.0.0.1\n`);
  if (size !== null) expect(ran.err).toContain('\u001b[K');
  expect(
    renderScreen(ran.err.replaceAll('\n', '\r\n')).map((line) => line.replace(/ready in .*/, 'ready')),
  ).toEqual([
    'requesting a machine',
    'quick-fox: queued at 2',
    'quick-fox: queued at 1',
    'quick-fox: provisioning on worker_3',
    'quick-fox: ready',
    "Log in with  orion ssh quick-fox  which also checks the machine's host key, or with",
    '',
  ]);
});

test('one that does not come in time ends with 3, its key kept', async () => {
  const ran = await orion(['rent', '--wait', '100ms'], ({ line }) =>
    line.startsWith('POST')
      ? { status: 202, body: PENDING }
      : { stream: [{ event: 'rental', data: PENDING }], hang: true },
  );
  expect(ran.code).toBe(3);
  expect(ran.err).toContain('hint: keep waiting with: orion wait');
  expect(existsSync(storedKey())).toBe(true);
});

test('a rental that failed ends the wait', async () => {
  const ran = await orion(['wait', 'quick-fox', '--for', 'active'], ({ line }) =>
    line.endsWith('/r_abc (watch)')
      ? { stream: [{ event: 'rental', data: fakeRental({ phase: 'Failed', node: null }) }], hang: true }
      : { body: PENDING },
  );
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('quick-fox: failed; it will not become Active');
});

test('either half of an own key will do', async () => {
  const path = join(folder, 'id');
  writeFileSync(path, '-----BEGIN OPENSSH PRIVATE KEY-----\n');
  const alone = await orion(['rent', '--key', path], () => ({ status: 500 }));
  expect(alone.err).toContain(`hint: make it with: ssh-keygen -y -f ${path} > ${path}.pub`);
  await api?.close();
  writeFileSync(`${path}.pub`, `${KEY} me@here\n`);
  for (const half of [path, `${path}.pub`]) {
    const hook = 'https://a.example/';
    const ran = await orion(
      ['rent', '--key', half, '--name', 'mine', '--ttl', '1h', '--webhook', hook],
      () => ({
        status: 201,
        body: fakeRental(),
      }),
    );
    expect(api?.requests[0]?.body).toEqual({ name: 'mine', sshPublicKey: KEY, ttl: '1h', webhookUrl: hook });
    expect(ran.out).toBe(`ssh -i ${path} -p 22221 r7f3k2a9@127.0.0.1\n`);
    await api?.close();
  }
});

const keysOf = () => readdirSync(join(folder, 'orion', 'keys'));

test('an answer that got lost is asked for again, under the same key, so that one machine is rented', async () => {
  const ran = await orion(['rent'], ({ count }) =>
    count === 1
      ? { status: 503, body: { code: 'unavailable', detail: 'no part of Orion answers' } }
      : { status: 201, body: fakeRental() },
  );
  expect(ran.code).toBe(0);
  expect(ran.err).toContain('no answer yet; asking again\n');
  const [first, second] = api?.requests.map(({ headers }) => headers['idempotency-key']) ?? [];
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  expect(second).toBe(first);
  expect(bodyOf(1)).toEqual(bodyOf(0));
  expect(keysOf()).toEqual(['r_abc']);
});

test('the key of a rental whose answer never came is there for whoever logs in to it', async () => {
  const lost = { status: 502, body: 'bad gateway' };
  const ran = await orion(['rent', '--wait', '0s'], () => lost);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain('No answer came; to see whether it was rented all the same: orion get rentals\n');
  expect(keysOf()).toEqual([expect.stringMatching(/^new_/)]);
  const rental = fakeRental();
  rental.spec.sshPublicKey = bodyOf(0).sshPublicKey;
  expect(findStoredKey({ env: { XDG_STATE_HOME: folder } } as unknown as Io, rental)).toBe(storedKey());
  expect(keysOf()).toEqual(['r_abc']);
});

test.each([
  ['refused', { status: 409, body: { code: 'name_taken', detail: 'the name is taken' } }],
  [
    'no machine is free',
    { status: 503, body: { code: 'no_free_node', detail: 'no matching machine is free' } },
  ],
])('nothing is left behind when nothing was rented: %s', async (_name, answer) => {
  expect((await orion(['rent'], () => answer)).code).toBe(1);
  expect(api?.requests).toHaveLength(1);
  expect(keysOf()).toEqual([]);
});

test('no free machine is an error that says when to try again', async () => {
  const ran = await orion(['rent'], () => ({
    status: 503,
    headers: { 'retry-after': '10' },
    body: { code: 'no_free_node', detail: 'no matching machine is free' },
  }));
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain(
    'error: no matching machine is free\nhint: try again in 10 s, or wait for the next free one:  orion rent --queue\n',
  );
});

test('release gives back and forgets the key', async () => {
  await orion(['rent'], () => ({ status: 201, body: fakeRental() }));
  await api?.close();
  const asked = fakeRental({ phase: 'Releasing' });
  const stream = [asked, fakeRental({ phase: 'Released' })].map((data, index) => {
    return { event: 'rental', id: `${index}`, data };
  });
  const ran = await orion(['release', 'quick-fox'], ({ line }) =>
    line.endsWith('(watch)') ? { stream } : { body: asked },
  );
  expect(ran).toMatchObject({ code: 0, out: 'rental/quick-fox released\n' });
  expect(api?.requests.map((request) => request.line)).toEqual([
    'GET /api/rentals/quick-fox',
    'DELETE /api/rentals/r_abc',
    'GET /api/rentals/r_abc (watch)',
  ]);
  expect(existsSync(storedKey())).toBe(false);
});

test('release does not wait if it is told so, and says that it goes on', async () => {
  const ran = await orion(['release', 'quick-fox', 'other', '--wait', '0s'], () => ({
    body: fakeRental({ phase: 'Releasing' }),
  }));
  expect(ran).toMatchObject({ code: 0, out: 'rental/quick-fox releasing\nrental/quick-fox releasing\n' });
});

test('renew changes the ttl', async () => {
  const ran = await orion(['renew', 'quick-fox', '--ttl', '8h'], () => ({ body: fakeRental() }));
  expect(ran.out).toBe('rental/quick-fox renewed until 2026-01-01T18:00:00.000Z\n');
  expect(api?.requests[1]).toMatchObject({ line: 'PATCH /api/rentals/r_abc', body: { ttl: '8h' } });
});

test('renew warns of an end that is sooner than before', async () => {
  const sooner = fakeRental({ expiresAt: '2026-01-01T13:00:00.000Z' });
  const ran = await orion(['renew', 'quick-fox', '--ttl', '1h'], ({ line }) => ({
    body: line.startsWith('PATCH') ? sooner : fakeRental(),
  }));
  expect(ran).toMatchObject({ code: 0, out: 'rental/quick-fox renewed until 2026-01-01T13:00:00.000Z\n' });
  expect(ran.err).toContain('now ends sooner: before, it would have ended at 2026-01-01T18:00:00.000Z');
});

test('renew tells the new end, not the one that was there when it was asked for', async () => {
  const before = fakeRental({ observedGeneration: 1 }, { generation: 2 });
  const after = fakeRental(
    { observedGeneration: 2, expiresAt: '2026-01-02T02:00:00.000Z' },
    { generation: 2 },
  );
  const stream = [before, after].map((data, index) => ({ event: 'rental', id: `${index}`, data }));
  const ran = await orion(['renew', 'quick-fox', '--ttl', '8h'], ({ line }) =>
    line.endsWith('(watch)') ? { stream } : { body: before },
  );
  expect(ran.out).toBe('rental/quick-fox renewed until 2026-01-02T02:00:00.000Z\n');
});

test('cordon and uncordon', async () => {
  const ran = await orion(['cordon', 'worker_1', 'worker_2'], () => ({ body: {} }));
  expect(ran.out).toBe('node/worker_1 cordoned\nnode/worker_2 cordoned\n');
  expect(api?.requests.map((request) => request.line)).toEqual([
    'POST /api/nodes/worker_1/cordon',
    'POST /api/nodes/worker_2/cordon',
  ]);
});

test('a token is made through the API when there is no database', async () => {
  const ran = await orion(
    ['token', 'create', '--tenant', 'demo', '--role', 'admin', '--ttl', '1h', '-o', 'json'],
    () => ({ status: 201, body: { id: 'abc', token: 'orion_abc_x', tenant: 'demo', role: 'admin' } }),
  );
  expect(JSON.parse(ran.out)).toEqual({ id: 'abc', token: 'orion_abc_x', tenant: 'demo', role: 'admin' });
  expect(api?.requests[0]?.body).toEqual({
    tenant: 'demo',
    role: 'admin',
    expiresIn: '1h',
  });
});
