import { afterEach, expect, test } from 'vitest';
import { type Answer, type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi;
const runCli = (...argv: string[]) => runOrion(['tenant', ...argv], { ORION_URL: api.url, ORION_TOKEN: 't' });
const start = async (answer: Answer) => {
  api = await startFakeApi(answer);
};
afterEach(() => api.close());

const DEMO = {
  name: 'demo',
  used: { rentals: 2 },
  updatedAt: '2026-01-01T11:00:00Z',
  limits: { maxRentals: 3, maxTtl: '2h', requestsPerMinute: null, maxWaits: 20, maxWatches: null },
};

test('lists tenants with what they may have and what they have', async () => {
  await start(() => ({ body: { items: [DEMO], nextCursor: null } }));
  const rows = (await runCli('list')).out.trim().split('\n');
  expect(rows[0]).toMatch(/^NAME +RENTALS +AT MOST +LONGEST TTL +REQUESTS\/MIN +WAITS +WATCHES +SET$/);
  expect(rows[1]).toMatch(/^demo +2 +3 +2h +- +20 +- +60m$/);
  expect((await runCli('list', '-o', 'name')).out).toBe('tenant/demo\n');
});

test('sets what is named and lifts what is to be none', async () => {
  await start(() => ({ body: DEMO }));
  const done = await runCli('set', 'tenant/demo', '--max-rentals', '3', '--max-ttl', '2h', '--rate', 'none');
  expect(done.code).toBe(0);
  expect(api.requests[0]?.line).toBe('PATCH /api/tenants/demo');
  expect(api.requests[0]?.body).toEqual({ maxRentals: 3, maxTtl: '2h', requestsPerMinute: null });
  await runCli('get', 'demo');
  expect(api.requests[1]?.line).toBe('GET /api/tenants/demo');
});

test.each([
  [['set', 'demo'], /--max-rentals, --max-ttl, --rate, --max-waits and --max-watches/],
  [['set', 'demo', '--max-rentals', '-1'], /whole number from 0 on, or none/],
  [['set', 'demo', '--rate', '0'], /whole number from 1 on, or none/],
  [['set', 'demo', '--max-ttl', 'soon'], /Expected/],
])('%j is no use of it', async (argv, message) => {
  await start(() => ({ body: DEMO }));
  const done = await runCli(...argv);
  expect(done.code).toBe(2);
  expect(done.err).toMatch(message);
  expect(api.requests).toEqual([]);
});
