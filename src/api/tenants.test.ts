import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench, KEY } from './api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
});

const rental = (more: object = {}) => ({ sshPublicKey: KEY, ...more });
async function limit(who: string, limits: object): Promise<void> {
  const response = await bench.call('admin', `PATCH /api/tenants/${who}`, limits);
  expect(response.status).toBe(200);
}

describe('limits of a tenant', () => {
  test('are set and lifted by administrators alone, one by one, and are in the history', async () => {
    expect((await bench.call('admin', 'PATCH /api/tenants/ana', { maxRentals: 3 })).status).toBe(404);
    expect((await bench.call('anna', 'PATCH /api/tenants/anna', { maxRentals: 99 })).status).toBe(403);
    await limit('anna', { maxRentals: 3, maxTtl: '2h' });
    await limit('anna', { requestsPerMinute: 600, maxTtl: null });
    const response = await bench.call('admin', 'GET /api/tenants/anna');
    expect(await response.json()).toMatchObject({
      name: 'anna',
      used: { rentals: 0 },
      limits: { maxRentals: 3, maxTtl: null, requestsPerMinute: 600 },
    });
    const changes = bench.store.events.filter(({ type }) => type === 'tenant.limits_changed');
    expect(changes.map(({ tenant, message }) => [tenant, message.split(': ')[1]])).toEqual([
      ['anna', 'rentals at once 3, ttl 2h'],
      ['anna', 'ttl unlimited, requests per minute 600'],
    ]);
  });

  test.each([
    [{ maxRentals: -1 }],
    [{ maxRentals: 1.5 }],
    [{ maxTtl: '0s' }],
    [{ maxTtl: 'soon' }],
    [{ requestsPerMinute: 0 }],
    [{ rentals: 3 }],
  ])('%j is refused', async (limits) => {
    expect((await bench.call('admin', 'PATCH /api/tenants/anna', limits)).status).toBe(422);
  });

  test('are read by the tenant itself, but not those of others', async () => {
    await bench.make('anna');
    const own = await (await bench.call('anna', 'GET /api/tenants/anna')).json();
    expect(own).toMatchObject({
      name: 'anna',
      used: { rentals: 1 },
      limits: { maxRentals: 100, maxWaits: 20 },
    });
    expect((await bench.call('anna', 'GET /api/tenants/ben')).status).toBe(404);
    expect((await bench.call('anna', 'GET /api/tenants')).status).toBe(403);
    expect((await bench.call('admin', 'GET /api/tenants/nobody')).status).toBe(404);
  });

  test('are listed by name, in pages', async () => {
    const first = (await (await bench.call('admin', 'GET /api/tenants?limit=2')).json()) as {
      items: { name: string }[];
      nextCursor: string;
    };
    expect(first.items.map(({ name }) => name)).toEqual(['admin', 'anna']);
    const rest = await bench.call('admin', `GET /api/tenants?limit=2&cursor=${first.nextCursor}`);
    expect(await rest.json()).toMatchObject({ items: [{ name: 'ben' }], nextCursor: null });
    expect((await bench.call('admin', 'GET /api/tenants?cursor=x')).status).toBe(422);
  });
});

describe('a quota of rentals', () => {
  test('refuses the next one, says which limit and what is used, and lets one in when another has ended', async () => {
    await limit('anna', { maxRentals: 2 });
    await bench.make('anna');
    const second = await bench.make('anna');
    const refused = await bench.call('anna', 'POST /api/rentals', rental());
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      code: 'quota_exceeded',
      quota: { limit: 'maxRentals', allowed: 2, used: 2 },
      detail: 'tenant anna has 2 of at most 2 rentals; release one, or wait until one ends',
    });
    expect((await bench.call('anna', 'POST /api/rent?wait=1s', {})).status).toBe(403);
    expect((await bench.call('anna', 'PUT /api/rentals/new', rental())).status).toBe(403);
    expect((await bench.call('ben', 'POST /api/rentals', rental())).status).toBe(202);
    bench.store.setStatus(second, 'rental.released', { phase: 'Released', endedAt: new Date() });
    expect((await bench.call('anna', 'POST /api/rentals', rental())).status).toBe(202);
  });

  test('gives a repeated request its own rental', async () => {
    await limit('anna', { maxRentals: 1 });
    const send = () => bench.call('anna', 'POST /api/rentals', rental(), { 'idempotency-key': 'one' });
    const first = (await (await send()).json()) as { id: string };
    const again = await send();
    expect(again.status).toBe(202);
    expect(await again.json()).toMatchObject({ id: first.id });
  });
});

test('the longest ttl of a tenant is the default where it is shorter, and more is refused, also on a renewal', async () => {
  await limit('anna', { maxTtl: '2h' });
  const made = await bench.call('anna', 'POST /api/rentals', rental());
  const { id, spec } = (await made.json()) as { id: string; spec: { ttl: string } };
  expect(spec.ttl).toBe('2h');
  for (const [line, body] of [
    ['POST /api/rentals', rental({ ttl: '3h' })],
    ['POST /api/rent', { ttl: '3h' }],
    ['PUT /api/rentals/new', rental({ ttl: '3h' })],
    [`PATCH /api/rentals/${id}`, { ttl: '3h' }],
  ] as const) {
    const refused = await bench.call('anna', line, body);
    expect(refused.status, line).toBe(422);
    expect(await refused.json()).toMatchObject({ errors: [{ path: 'ttl', message: 'expected at most 2h' }] });
  }
  // Even when an administrator renews it, the tenant's limit applies.
  expect((await bench.call('admin', `PATCH /api/rentals/${id}`, { ttl: '3h' })).status).toBe(422);
});

describe('a rate of requests', () => {
  test('is told in each answer; one too many is 429 with the time to wait, and others are not concerned', async () => {
    await limit('anna', { requestsPerMinute: 2 });
    const first = await bench.call('anna', 'GET /api/rentals');
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe('"tenant";q=2;w=60');
    expect(first.headers.get('ratelimit')).toBe('"tenant";r=1;t=30');
    // The outcome of a request makes no difference.
    const second = await bench.call('anna', 'GET /api/rentals/none');
    expect(second.status).toBe(404);
    expect(second.headers.get('ratelimit')).toBe('"tenant";r=0;t=60');
    const third = await bench.call('anna', 'GET /api/rentals');
    expect(third.status).toBe(429);
    expect(third.headers.get('retry-after')).toBe('30');
    expect(await third.json()).toMatchObject({ code: 'rate_limited' });
    const other = await bench.call('ben', 'GET /api/rentals');
    expect(other.status).toBe(200);
    expect(other.headers.has('ratelimit')).toBe(false);
  });

  test('does not hold administrators, who have to be able to lift it', async () => {
    await limit('admin', { requestsPerMinute: 1 });
    for (let n = 0; n < 3; n++) expect((await bench.call('admin', 'GET /api/tenants')).status).toBe(200);
  });
});
