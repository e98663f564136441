import { beforeEach, describe, expect, test } from 'vitest';
import type { Delivery } from '../core/ports/delivery.ts';
import { FORMER_SECRET_MS } from '../core/tenant/secret-rotation.ts';
import { REFUSED_WEBHOOKS } from '../core/text/refused-webhooks.fixture.ts';
import { type ApiBench, createApiBench, KEY, now } from './api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
});

function add(changes: Partial<Delivery> = {}): Delivery {
  const number = bench.store.deliveries.length + 1;
  const delivery: Delivery = {
    messageId: `msg_${number}`,
    type: 'rental.active',
    rentalId: 'r_1',
    tenant: 'anna',
    url: 'https://client.example/',
    state: 'pending',
    attempts: 0,
    createdAt: now,
    nextAttemptAt: now,
    lastError: null,
    endedAt: null,
    ...changes,
  };
  bench.store.addDelivery(delivery);
  return delivery;
}
const read = async (response: Promise<Response>) =>
  (await response).json() as Promise<Record<string, unknown>>;
async function list(who: 'anna' | 'ben' | 'admin', query = '') {
  const { items } = await read(bench.call(who, `GET /api/webhooks/deliveries${query}`));
  return (items as { id: string }[]).map(({ id }) => id);
}

describe('messages', () => {
  test('are listed newest first: a tenant sees their own, an administrator all', async () => {
    add();
    add({ tenant: 'ben' });
    add({ state: 'dead', nextAttemptAt: null, endedAt: now, lastError: 'it answered 500', attempts: 30 });
    expect(await list('anna')).toEqual(['msg_3', 'msg_1']);
    expect(await list('ben')).toEqual(['msg_2']);
    expect(await list('admin')).toEqual(['msg_3', 'msg_2', 'msg_1']);
    const { items } = await read(bench.call('anna', 'GET /api/webhooks/deliveries?state=dead'));
    expect(items).toEqual([
      {
        id: 'msg_3',
        type: 'rental.active',
        rental: 'r_1',
        tenant: 'anna',
        url: 'https://client.example/',
        state: 'dead',
        attempts: 30,
        createdAt: now.toISOString(),
        nextAttemptAt: null,
        lastError: 'it answered 500',
        endedAt: now.toISOString(),
      },
    ]);
  });

  test('tell a tenant nothing of which ports are open, and an administrator all', async () => {
    const told = ['it could not be reached (ECONNREFUSED)', 'it could not be reached (ERR_SSL_WRONG)'];
    for (const lastError of [...told, 'no answer within 10 s', 'it answered 404']) add({ lastError });
    const errors = async (who: 'anna' | 'admin') => {
      const { items } = await read(bench.call(who, 'GET /api/webhooks/deliveries'));
      return (items as { lastError: string }[]).map(({ lastError }) => lastError).toReversed();
    };
    expect(await errors('anna')).toEqual([...Array(3).fill('it could not be reached'), 'it answered 404']);
    expect(await errors('admin')).toEqual([...told, 'no answer within 10 s', 'it answered 404']);
    expect(await read(bench.call('anna', 'POST /api/webhooks/deliveries/msg_1/resend'))).toMatchObject({
      lastError: 'it could not be reached',
    });
  });

  test('are found by state and rental, and in pages', async () => {
    for (const rentalId of ['r_1', 'r_2', 'r_1']) add({ rentalId });
    add({ state: 'delivered' });
    expect(await list('anna', '?rental=r_2')).toEqual(['msg_2']);
    expect(await list('anna', '?state=pending&rental=r_1')).toEqual(['msg_3', 'msg_1']);
    const page = await read(bench.call('anna', 'GET /api/webhooks/deliveries?limit=3'));
    expect(page.items).toHaveLength(3);
    const rest = await read(
      bench.call('anna', `GET /api/webhooks/deliveries?limit=3&cursor=${page.nextCursor}`),
    );
    expect(rest).toMatchObject({ items: [{ id: 'msg_1' }], nextCursor: null });
  });

  test.each(['state=gone', 'cursor=nonsense', 'rentals=r_1'])('are not asked for with %s', async (query) => {
    expect((await bench.call('anna', `GET /api/webhooks/deliveries?${query}`)).status).toBe(422);
  });

  test('are sent again on demand, by their tenant or an administrator, whatever became of them', async () => {
    add({ state: 'dead', attempts: 30, nextAttemptAt: null, endedAt: now });
    const path = 'POST /api/webhooks/deliveries/msg_1/resend';
    expect((await bench.call('ben', path)).status).toBe(404);
    expect(bench.store.deliveries[0]?.state).toBe('dead');
    for (const who of ['anna', 'admin'] as const) {
      const response = await bench.call(who, path);
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({
        id: 'msg_1',
        state: 'pending',
        attempts: 0,
        endedAt: null,
      });
    }
    expect((await bench.call('admin', 'POST /api/webhooks/deliveries/msg_9/resend')).status).toBe(404);
  });
});

describe('the secret', () => {
  test("is the tenant's own, and another one after a rotation, which the history tells", async () => {
    const first = await read(bench.call('anna', 'GET /api/webhooks/secret'));
    expect(first).toEqual({
      secret: 'whsec_of-anna-1',
      version: 1,
      rotatedAt: null,
      previousValidUntil: null,
    });
    const rotated = await read(bench.call('anna', 'POST /api/webhooks/secret/rotate'));
    expect(rotated).toEqual({
      secret: 'whsec_of-anna-2',
      version: 2,
      rotatedAt: now.toISOString(),
      previousValidUntil: new Date(now.getTime() + FORMER_SECRET_MS).toISOString(),
    });
    expect(await read(bench.call('anna', 'GET /api/webhooks/secret'))).toEqual(rotated);
    expect(await read(bench.call('ben', 'GET /api/webhooks/secret'))).toMatchObject({ version: 1 });
    const { items } = await read(bench.call('anna', 'GET /api/events?type=webhook.secret_rotated'));
    expect(items).toHaveLength(1);
    expect(JSON.stringify(bench.store.events)).not.toContain('whsec_');
    expect(JSON.stringify(bench.logged)).not.toContain('whsec_');
  });
});

describe("a rental's webhook", () => {
  const refused = async (line: string, body: object) => {
    const response = await bench.call('anna', line, body);
    return { status: response.status, errors: ((await response.json()) as { errors?: unknown[] }).errors };
  };

  test('must lead outside, wherever it is written', async () => {
    const id = await bench.make('anna', { name: 'one' });
    const webhookUrl = 'https://169.254.169.254/';
    const expected = {
      status: 422,
      errors: [{ path: 'webhookUrl', message: expect.stringMatching(/^must not/) }],
    };
    expect(await refused('POST /api/rentals', { sshPublicKey: KEY, webhookUrl })).toEqual(expected);
    expect(await refused('POST /api/rent', { webhookUrl })).toEqual(expected);
    expect(await refused('PUT /api/rentals/one', { sshPublicKey: KEY, webhookUrl })).toEqual(expected);
    expect(await refused(`PATCH /api/rentals/${id}`, { webhookUrl })).toEqual(expected);
    expect((await bench.store.findRental('anna', id))?.spec.webhookUrl).toBeNull();
  });

  test.each(REFUSED_WEBHOOKS)('must not lead inside (%s: %s)', async (_what, webhookUrl) => {
    const { status, errors } = await refused('POST /api/rentals', { sshPublicKey: KEY, webhookUrl });
    expect(status).toBe(422);
    expect(errors).toEqual([
      {
        path: 'webhookUrl',
        message: expect.stringMatching(
          /^must not point to a private, loopback or link-local address, unless .*_ALLOW/,
        ),
      },
    ]);
    expect(bench.store.rentals.size).toBe(0);
  });

  test('that is allowed no longer is not in the way of a renewal', async () => {
    const id = await bench.make('anna', { webhookUrl: 'https://client.example/' });
    const rental = bench.store.rentals.get(id);
    if (!rental) throw new Error('no rental');
    bench.store.putRental({ ...rental, spec: { ...rental.spec, webhookUrl: 'https://10.0.0.1/' } });
    expect((await bench.call('anna', `PATCH /api/rentals/${id}`, { ttl: '2h' })).status).toBe(200);
  });

  test('is refused, and so is the secret, where there is no key to sign with', async () => {
    bench = await createApiBench({}, { noWebhooks: true });
    const response = await refused('POST /api/rentals', {
      sshPublicKey: KEY,
      webhookUrl: 'https://client.example/',
    });
    expect(response).toEqual({
      status: 422,
      errors: [{ path: 'webhookUrl', message: expect.stringContaining('ORION_WEBHOOK_KEY') }],
    });
    for (const line of ['GET /api/webhooks/secret', 'POST /api/webhooks/secret/rotate']) {
      expect(await read(bench.call('anna', line))).toMatchObject({ code: 'webhooks_off' });
    }
    expect((await bench.store.loadSecretVersion('anna')).version).toBe(1);
  });
});
