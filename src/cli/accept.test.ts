import { afterEach, expect, test } from 'vitest';
import { type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';
import type { Input } from './io.ts';

let api: FakeApi;
afterEach(() => api.close());

const CRON = { id: 'a'.repeat(32), kind: 'schedules', text: '/etc/cron.d/new sha256:12' };
const SETUID = { id: 'b'.repeat(32), kind: 'setuid', text: '/usr/bin/new 4755 0:0' };
const nodeWith = (name: string, items: object[] | null, more = 0, others = 0) => ({
  name,
  generation: 1,
  spec: {},
  status: { state: 'quarantined', conditions: [], differences: items && { items, more, others } },
});
const NODES = [
  nodeWith('w1', [CRON]),
  nodeWith('w2', [CRON]),
  nodeWith('w3', [SETUID, CRON], 3, 1),
  nodeWith('w4', null),
  nodeWith('w5', [SETUID]),
];

async function run(argv: string[], answer?: string) {
  api = await startFakeApi(({ line }) => {
    const named = NODES.find(({ name }) => line.includes(`/nodes/${name}`));
    return named ? { body: named } : { body: { items: NODES, nextCursor: null } };
  });
  const input: Input = {
    isTerminal: answer !== undefined,
    readAll: async () => '',
    ask: async () => answer ?? '',
  };
  const ran = await runOrion(['accept', ...argv], { ORION_URL: api.url, ORION_TOKEN: 't' }, { input });
  const posted = api.requests.filter(({ line }) => line.startsWith('POST'));
  return { ...ran, posted: posted.map(({ line, body }) => [line.split('/')[3], body]) };
}

test('accept shows what was found, asks, and names exactly that', async () => {
  const done = await run(['w3', '--reason', 'upgrade'], 'y');
  expect(done).toMatchObject({ code: 0, out: 'node/w3 2 accepted; it will be verified again\n' });
  expect(done.err).toBe(`w3:
  setuid: /usr/bin/new 4755 0:0
  schedules: /etc/cron.d/new sha256:12
  not shown, can be accepted after these: 3
  cannot be accepted, and remain findings: 1
`);
  expect(done.posted).toEqual([['w3', { ids: [SETUID.id, CRON.id], reason: 'upgrade' }]]);
  await api.close();
  expect(await run(['w3', '--reason', 'upgrade'], '')).toMatchObject({ code: 0, posted: [] });
  await api.close();
  const alone = await run(['w3', '--reason', 'upgrade']);
  expect(alone).toMatchObject({ code: 2, posted: [] });
  expect(alone.err).toContain('schedules: /etc/cron.d/new');
});

test('accept --all shows the same once, and leaves newly setuid programs to a person', async () => {
  const done = await run(['--all', '--reason', 'upgrade', '--yes']);
  expect(done.err).toBe(`w1, w2:
  schedules: /etc/cron.d/new sha256:12
w3:
  schedules: /etc/cron.d/new sha256:12
  left out, newly setuid (--setuid): 1
  not shown, can be accepted after these: 3
  cannot be accepted, and remain findings: 1
w5:
  left out, newly setuid (--setuid): 1
`);
  const body = { ids: [CRON.id], reason: 'upgrade' };
  expect(done.posted).toEqual(['w1', 'w2', 'w3'].map((name) => [name, body]));
  await api.close();
  expect(await run(['w5', '--reason', 'upgrade', '--yes'])).toMatchObject({ code: 1, posted: [] });
  await api.close();
  const both = await run(['w5', '--reason', 'upgrade', '--yes', '--setuid']);
  expect(both.posted).toEqual([['w5', { ids: [SETUID.id], reason: 'upgrade' }]]);
});

test('accept wants a reason and nodes, and says where there is nothing', async () => {
  for (const argv of [['w1'], ['--reason', 'x'], ['w1', '--all', '--reason', 'x']]) {
    expect(await run(argv)).toMatchObject({ code: 2, posted: [] });
    await api.close();
  }
  const nothing = await run(['w4', '--reason', 'x', '--yes']);
  expect(nothing).toMatchObject({ code: 1, posted: [] });
  expect(nothing.err).toContain('nothing was found on w4 that could be accepted');
});
