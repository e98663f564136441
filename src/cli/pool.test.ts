import { afterEach, expect, test } from 'vitest';
import { type Answer, type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';

const at = new Date(Date.now() - 120_000).toISOString();
const pool = {
  conditions: [
    {
      type: 'MovesAllowed',
      status: 'False',
      reason: 'MigrationHeld',
      lastTransitionTime: at,
      message: 'no rental is moved: 5 of 10 nodes (50 %) are unhealthy',
    },
    {
      type: 'Paused',
      status: 'True',
      reason: 'Paused',
      message: 'nothing new begins; paused by a of lab: x',
      lastTransitionTime: at,
    },
  ],
  pause: { reason: 'new switch', by: 'admin (t_1) of lab', at },
  override: { reason: 'rack-a burnt', by: 'admin (t_1) of lab', at, used: false },
};
let api: FakeApi;
const orion = async (argv: string[], answer: Answer = () => ({ body: pool })) => {
  api = await startFakeApi(answer);
  return runOrion(argv, { ORION_URL: api.url, ORION_TOKEN: 't' });
};
afterEach(() => api.close());
const asked = () => api.requests.map(({ line, body }) => [line, body]);

test('pool shows who paused it and why, what the breaker says and who overrode it', async () => {
  const { out } = await orion(['pool']);
  expect(out).toMatch(/Paused: +for \w+, by admin \(t_1\) of lab: new switch/);
  expect(out).toMatch(
    /Breaker overridden: +\w+ ago, by admin \(t_1\) of lab: rack-a burnt, not acted on yet/,
  );
  expect(out).toContain('no rental is moved: 5 of 10 nodes');
  await api.close();
  expect(JSON.parse((await orion(['pool', '-o', 'json'])).out)).toEqual(pool);
});

test('pause wants a reason, and sends it', async () => {
  expect((await orion(['pause'])).code).toBe(2);
  expect(asked()).toEqual([]);
  await api.close();
  expect(await orion(['pause', '--reason', 'new switch'])).toMatchObject({ code: 0, out: 'paused\n' });
  expect(asked()).toEqual([['POST /api/pool/pause', { reason: 'new switch' }]]);
  await api.close();
  expect(await orion(['resume'])).toMatchObject({ code: 0, out: 'resumed\n' });
  expect(asked()).toEqual([['POST /api/pool/resume', undefined]]);
});

test('the breaker is overridden only with a confirmation', async () => {
  const careless = await orion(['breaker', 'override', '--reason', 'gone']);
  expect(careless.code).toBe(2);
  expect(careless.err).toContain('although no rental is moved: 5 of 10 nodes (50 %) are unhealthy');
  expect(careless.err).toContain('--yes');
  expect(asked()).toEqual([['GET /api/pool', undefined]]);
  await api.close();
  const done = await orion(['breaker', 'override', '--reason', 'gone', '--yes']);
  expect(done).toMatchObject({ code: 0, out: 'breaker overridden once\n' });
  expect(asked()).toEqual([['POST /api/pool/override-breaker', { reason: 'gone', confirm: true }]]);
});

test('cordon and drain send why, and a table tells it', async () => {
  const node = {
    name: 'w1',
    generation: 2,
    spec: {
      host: 'h',
      port: 1,
      hostKey: null,
      zone: null,
      labels: {},
      unschedulable: true,
      draining: true,
      retiring: false,
      maintenance: { reason: 'new disk', by: 'admin (t_1) of lab', at },
    },
    status: {
      observedGeneration: 2,
      status: 'alive',
      allocated: false,
      state: 'free',
      rental: null,
      lastChecked: null,
      hostKey: null,
      offeredFingerprint: null,
      nextAttemptAt: null,
      conditions: [],
    },
  };
  const answer: Answer = ({ line }) => {
    if (line.startsWith('GET /api/pool')) return { body: pool };
    return { body: line.includes('?') ? { items: [node], nextCursor: null } : node };
  };
  await orion(['cordon', 'w1', '--reason', 'new disk'], answer);
  expect(asked()).toEqual([['POST /api/nodes/w1/cordon', { reason: 'new disk' }]]);
  await api.close();
  await orion(['drain', 'w1', '--no-wait', '--reason', 'new disk'], answer);
  expect(asked()[0]).toEqual(['POST /api/nodes/w1/drain', { reason: 'new disk' }]);
  await api.close();
  const wide = await orion(['get', 'nodes', '-o', 'wide'], answer);
  expect(wide.out).toMatch(/MAINTENANCE\n.*new disk \(admin \(t_1\) of lab\)\n/);
  expect(wide.err).toMatch(/no rental is moved: 5 of 10.*\nnothing new begins/);
});

const quiet = {
  type: 'MovesAllowed',
  status: 'True',
  reason: 'MigrationResumed',
  message: 'clients are moved',
  lastTransitionTime: new Date(0).toISOString(),
};

test('what was never otherwise is not so since the epoch', async () => {
  const { out } = await orion(['pool'], () => ({
    body: { conditions: [quiet], pause: null, override: null },
  }));
  expect(out).toMatch(/True +MigrationResumed +- +clients are moved/);
});

test('a breaker that is closed has nothing to override', async () => {
  const ran = await orion(['breaker', 'override', '--reason', 'x'], () => ({
    body: { conditions: [quiet] },
  }));
  expect(ran).toMatchObject({
    code: 1,
    err: 'error: the breaker is closed: clients of dead nodes are moved, there is nothing to override\n',
  });
});
