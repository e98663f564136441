import { afterEach, expect, test } from 'vitest';
import { type Answer, type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi | null = null;

afterEach(async () => {
  await api?.close();
  api = null;
});

async function orion(argv: string[], answer: Answer, more?: Parameters<typeof runOrion>[2]) {
  api = await startFakeApi(answer);
  return runOrion(argv, { ORION_URL: api.url, ORION_TOKEN: 't' }, more);
}

const WAITING = fakeRental(
  {
    phase: 'Pending',
    node: null,
    connection: null,
    expiresAt: null,
    queuePosition: 1,
    queueEstimateAt: '2026-01-01T12:13:30.000Z',
    conditions: [
      {
        type: 'Ready',
        status: 'False',
        reason: 'NoFreeNode',
        message: 'no node is free',
        lastTransitionTime: '2026-01-01T11:00:00Z',
      },
    ],
  },
  { id: 'r_def', name: 'slow-snail', createdAt: '2026-01-01T08:30:00.000Z' },
);

test('rentals as a table, page by page', async () => {
  const ran = await orion(['get', 'rentals'], ({ line }) => ({
    body: line.includes('cursor=2')
      ? { items: [WAITING], nextCursor: null }
      : { items: [fakeRental()], nextCursor: '2' },
  }));
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toBe(
    [
      'NAME         PHASE     NODE       REASON       EXPIRES   AGE     QUEUE\n',
      'quick-fox    Active    worker_1   -            6h        90s     -\n',
      'slow-snail   Pending   -          NoFreeNode   -         3h30m   1, about 13 min\n',
    ].join(''),
  );
  expect(api?.requests.map((request) => request.line)).toEqual([
    'GET /api/rentals?limit=500',
    'GET /api/rentals?limit=500&cursor=2',
  ]);
});

test('the place in the queue is a column while somebody waits, and only then', async () => {
  const ran = await orion(['get', 'rentals'], () => ({ body: { items: [fakeRental()], nextCursor: null } }));
  expect(ran.out).not.toContain('QUEUE');
});

test.each([
  ['json', JSON.stringify({ items: [fakeRental()], nextCursor: null }, null, 2)],
  ['name', 'rental/quick-fox'],
  ['yaml', 'items:\n  - id: r_abc\n    name: quick-fox\n'],
  ['wide', 'r_abc   demo     r7f3k2a9@127.0.0.1:22221'],
])('rentals as %s', async (format, expected) => {
  const ran = await orion(['get', 'rentals', '-o', format], () => ({
    body: { items: [fakeRental()], nextCursor: null },
  }));
  expect(ran.out).toContain(expected);
});

test('one rental as JSON is the object itself', async () => {
  const ran = await orion(['get', 'rental', 'quick-fox', '-o', 'json'], () => ({ body: fakeRental() }));
  expect(JSON.parse(ran.out)).toEqual(fakeRental());
  expect(api?.requests[0]?.line).toBe('GET /api/rentals/quick-fox');
});

test('an empty list leaves nothing on stdout', async () => {
  const ran = await orion(['get', 'rentals'], () => ({ body: { items: [], nextCursor: null } }));
  expect(ran).toEqual({ code: 0, out: '', err: 'There are no rentals.\n', programs: [] });
});

test('a watch prints a line per change, follows a broken line, and ends with Ctrl-C', async () => {
  const stop = new AbortController();
  const moving = fakeRental({ phase: 'Migrating' });
  const moved = fakeRental({ node: 'worker_2' });
  const ran = await orion(
    ['get', 'rentals', '-w'],
    ({ line, count }) => {
      if (!line.endsWith('(watch)')) return { body: { items: [fakeRental()], nextCursor: null } };
      if (count === 1) {
        return {
          stream: [
            { event: 'rental', id: '7', data: fakeRental() },
            'synced',
            { event: 'rental', id: '8', data: moving },
          ],
        };
      }
      return { stream: [{ event: 'rental', id: '9', data: moved }], hang: true };
    },
    {
      signal: stop.signal,
      onOut: (out) => {
        if (out.includes('worker_2')) stop.abort();
      },
    },
  );
  expect(ran.code).toBe(130);
  expect(ran.err).toBe('');
  expect(ran.out.split('\n').map((line) => line.split(/ +/).slice(0, 3).join(' '))).toEqual([
    'NAME PHASE NODE',
    'quick-fox Active worker_1',
    'quick-fox Migrating worker_1',
    'quick-fox Active worker_2',
    '',
  ]);
  expect(api?.requests.at(-1)?.headers['last-event-id']).toBe('8');
});

const NODE = {
  name: 'worker_1',
  spec: { host: '10.0.0.1', port: 22, zone: 'a', labels: { size: 'small' }, unschedulable: false },
  status: {
    status: 'alive',
    allocated: true,
    state: 'allocated',
    rental: 'r_abc',
    lastChecked: '2026-01-01T11:59:57.000Z',
    hostKey: 'ssh-ed25519 AAAA',
    conditions: [],
  },
};

test('nodes, with a warning while nobody is moved', async () => {
  const held = { type: 'MovesAllowed', status: 'False', message: 'no rental is moved: 5 of 10 nodes' };
  const ran = await orion(['get', 'nodes'], ({ line }) => ({
    body: line.includes('/api/pool')
      ? { conditions: [{ ...held, lastTransitionTime: '2026-01-01T11:00:00.000Z' }] }
      : { items: [NODE], nextCursor: null },
  }));
  expect(ran.err).toBe('no rental is moved: 5 of 10 nodes (since 2026-01-01T11:00:00.000Z)\n');
  const tenant = await orion(['get', 'nodes'], ({ line }) =>
    line.includes('/api/pool')
      ? { status: 403, body: { detail: 'for administrators', code: 'forbidden' } }
      : { body: { items: [], nextCursor: null } },
  );
  expect(tenant).toMatchObject({ code: 0, err: 'There are no nodes.\n' });
});

test('nodes, as administrators and as tenants see them', async () => {
  const answer =
    (node: object): Answer =>
    ({ line }) => ({
      body: line === 'GET /api/pool' ? { conditions: [] } : { items: [node], nextCursor: null },
    });
  const admin = await orion(['get', 'nodes'], answer(NODE));
  expect(admin.out).toBe(
    'NAME       STATUS   STATE       RENTAL   ZONE   CHECKED\nworker_1   alive    allocated   r_abc    a      3s\n',
  );
  await api?.close();
  const reduced = {
    name: 'worker_1',
    spec: { zone: 'a', labels: { size: 'small' } },
    status: { free: true },
  };
  const tenant = await orion(['get', 'nodes'], answer(reduced));
  expect(tenant.out).toBe('NAME       FREE   ZONE   LABELS\nworker_1   yes    a      size=small\n');
});

test('events of a rental are asked for by its id', async () => {
  const event = {
    seq: 5,
    type: 'rental.active',
    at: '2026-01-01T11:59:00Z',
    rental: 'r_abc',
    node: 'worker_1',
    tenant: 'demo',
    reason: 'Provisioned',
    message: 'access\u001b[31m confirmed',
  };
  const ran = await orion(['get', 'events', 'quick-fox'], ({ line }) =>
    line.includes('/api/events') ? { body: { items: [event], nextCursor: null } } : { body: fakeRental() },
  );
  expect(api?.requests[1]?.line).toContain('rental=r_abc');
  expect(ran.out).toContain(
    '60s   rental.active   rental/r_abc node/worker_1   Provisioned   access\\x1b[31m confirmed',
  );
});

const HISTORY = [3, 2, 1].map((seq) => ({
  seq,
  type: 'rental.status',
  at: '2026-01-01T11:59:00Z',
  rental: 'r_abc',
  node: null,
  tenant: 'demo',
  reason: 'Accepted',
  message: `step ${seq}`,
}));

test('of events the newest are asked for, and printed with the newest at the end', async () => {
  const ran = await orion(['get', 'events', '--limit', '3'], () => ({
    body: { items: HISTORY, nextCursor: '1' },
  }));
  expect(api?.requests.map(({ line }) => line)).toEqual(['GET /api/events?limit=3&order=desc']);
  expect(ran.out.match(/step \d/g)).toEqual(['step 1', 'step 2', 'step 3']);
});

test('the whole history is read page by page', async () => {
  const ran = await orion(['get', 'events', '--limit', 'all', '-o', 'json'], ({ line }) => ({
    body: line.includes('cursor')
      ? { items: HISTORY.slice(1), nextCursor: null }
      : { items: HISTORY.slice(0, 1), nextCursor: '3' },
  }));
  expect(JSON.parse(ran.out).items.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2, 3]);
  expect(api?.requests.at(-1)?.line).toBe('GET /api/events?limit=500&order=desc&cursor=3');
});

test('a watch of events goes on after the newest that was printed', async () => {
  const stop = new AbortController();
  const ran = await orion(
    ['get', 'events', '-w'],
    ({ line }) =>
      line.endsWith('(watch)')
        ? { stream: [{ event: 'event', id: '4', data: { ...HISTORY[0], seq: 4, message: 'step 4' } }] }
        : { body: { items: HISTORY, nextCursor: null } },
    { signal: stop.signal, onOut: (out) => void (out.includes('step 4') && stop.abort()) },
  );
  expect(ran.out.match(/step \d/g)).toEqual(['step 1', 'step 2', 'step 3', 'step 4']);
  const watch = api?.requests.at(-1);
  expect(watch?.line).toBe('GET /api/events (watch)');
  expect(watch?.headers['last-event-id']).toBe('3');
});

test('describe tells all of a rental', async () => {
  const ran = await orion(['describe', 'rental', 'slow-snail'], ({ line }) =>
    line.includes('/api/events') ? { body: { items: [], nextCursor: null } } : { body: WAITING },
  );
  expect(ran.out).toContain('Name:             slow-snail\n');
  expect(ran.out).toContain(
    'Conditions:\n  TYPE    STATUS   REASON       SINCE   MESSAGE\n  Ready   False    NoFreeNode',
  );
  expect(ran.out).toContain('Placements:\n  none\nEvents:\n  none\n');
});

test.each([
  [['no-such-command'], 2],
  [['rent', '--ttl', '5'], 2],
  [['get', 'rentals', '-o', 'xml'], 2],
  [['wait', 'a', '--for', 'Nothing'], 2],
  [['get', 'events', '--limit', '0'], 2],
  [['--help'], 0],
  [['version'], 0],
  [['inventory', 'check', '/no/such/file'], 1],
  [['serve'], 1],
])('%j ends with %i', async (argv, code) => {
  expect((await runOrion(argv, {})).code).toBe(code);
});
