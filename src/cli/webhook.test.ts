import { afterEach, expect, test } from 'vitest';
import { type Answer, type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi;
const runCli = (...argv: string[]) =>
  runOrion(['webhook', ...argv], { ORION_URL: api.url, ORION_TOKEN: 't' });
const start = async (answer: Answer) => {
  api = await startFakeApi(answer);
};
afterEach(() => api.close());

const delivery = (id: string, set: object = {}) => ({
  id,
  type: 'rental.active',
  rental: 'r_1',
  tenant: 'demo',
  url: 'https://client.example/hook',
  state: 'dead',
  attempts: 30,
  createdAt: '2026-01-01T11:59:55Z',
  nextAttemptAt: null,
  lastError: 'it answered 500',
  endedAt: '2026-01-01T11:59:55Z',
  ...set,
});
const page = (...items: object[]) => ({ body: { items, nextCursor: null } });
const lines = () => api.requests.map(({ line }) => line);

test('lists messages with why they failed, of a rental by its name', async () => {
  await start(({ line }) =>
    line.startsWith('GET /api/rentals/')
      ? { body: { id: 'r_1' } }
      : page(delivery('msg_2'), delivery('msg_1', { state: 'delivered', attempts: 1, lastError: null })),
  );
  const done = await runCli('list', '--state', 'dead', '--rental', 'mine');
  expect(lines()[0]).toBe('GET /api/rentals/mine');
  expect(lines()[1]).toMatch(/^GET \/api\/webhooks\/deliveries\?(?=.*state=dead)(?=.*rental=r_1)/);
  const rows = done.out.trim().split('\n');
  expect(rows[0]).toMatch(/^ID +TYPE +RENTAL +STATE +TRIES +NEXT +AGE +ERROR$/);
  expect(rows[1]).toMatch(/^msg_2 +rental\.active +r_1 +dead +30 +- +\ds +it answered 500$/);
  expect(rows[2]).toMatch(/^msg_1 +rental\.active +r_1 +delivered +1 +- +\ds +-$/);
});

test('what a receiver made of its address does not steer the terminal', async () => {
  await start(() => page(delivery('msg_1', { url: 'https://x/\u001b[2J' })));
  expect((await runCli('list', '-o', 'wide')).out).not.toContain('\u001b');
  expect((await runCli('list', '-o', 'name')).out).toBe('webhook/msg_1\n');
  expect(JSON.parse((await runCli('list', '-o', 'json')).out).items).toHaveLength(1);
});

test('sends again what is named, or all that were given up, oldest first', async () => {
  await start(({ line }) =>
    line.startsWith('GET') ? page(delivery('msg_2'), delivery('msg_1')) : { body: {} },
  );
  expect((await runCli('resend', 'msg_9')).out).toBe('webhook/msg_9 will be sent again\n');
  const done = await runCli('resend', '--dead');
  expect(done).toMatchObject({
    code: 0,
    out: 'webhook/msg_1 will be sent again\nwebhook/msg_2 will be sent again\n',
  });
  expect(lines().filter((line) => line.startsWith('POST'))).toEqual(
    ['msg_9', 'msg_1', 'msg_2'].map((id) => `POST /api/webhooks/deliveries/${id}/resend`),
  );
});

test('asks which messages, when none is named', async () => {
  await start(() => page());
  expect(await runCli('resend')).toMatchObject({ code: 2, err: expect.stringContaining('--dead') });
  expect(api.requests).toEqual([]);
});

test('prints the secret alone, and says how long the former one is good', async () => {
  const until = '2026-01-02T00:00:00.000Z';
  await start(({ line }) => ({
    body: {
      secret: 'whsec_x',
      version: 1,
      rotatedAt: null,
      previousValidUntil: line.startsWith('POST') ? until : null,
    },
  }));
  expect(await runCli('secret')).toMatchObject({ out: 'whsec_x\n', err: '' });
  expect(await runCli('secret', '--rotate')).toMatchObject({
    out: 'whsec_x\n',
    err: `Until ${until} messages are also signed with the previous secret.\n`,
  });
  expect(lines()).toEqual(['GET /api/webhooks/secret', 'POST /api/webhooks/secret/rotate']);
});
