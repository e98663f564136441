import { beforeEach, describe, expect, test } from 'vitest';
import { createTokenSecret, isToken } from '../secrets/token-secret.ts';
import { type ApiBench, createApiBench, KEY, now, sampleNode } from './api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
  bench.store.addNode(sampleNode('worker_1'));
});

/** Every call on one rental; RENTAL stands for its id or name. */
const CALLS: [string, object?][] = [
  ['GET /api/rentals/RENTAL'],
  ['PATCH /api/rentals/RENTAL', { ttl: '1h' }],
  ['DELETE /api/rentals/RENTAL'],
];

describe('a tenant and the rentals of another one', () => {
  test.each(CALLS)('%s is 404 by id and by name, and changes nothing', async (line, body) => {
    const id = await bench.make('anna', { name: 'build-box' });
    const before = structuredClone(bench.store.rentals.get(id));
    for (const key of [id, 'build-box']) {
      const response = await bench.call('ben', line.replace('RENTAL', key), body);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'not_found' });
    }
    expect(bench.store.rentals.get(id)).toEqual(before);
    expect(bench.store.events).toHaveLength(1);
  });

  test('the answer is the one for a rental that never was', async () => {
    const id = await bench.make('anna');
    const bodyOf = async (key: string) => {
      const response = await bench.call('ben', `GET /api/rentals/${key}`, undefined, {
        'x-request-id': 'same-request-id',
      });
      return JSON.stringify(await response.json()).replaceAll(key, 'RENTAL');
    };
    expect(await bodyOf(id)).toBe(await bodyOf('r_aaaaaaaaaaaaaaaa'));
  });

  test('a watch of it is 404, too', async () => {
    const id = await bench.make('anna');
    const response = await bench.call('ben', `GET /api/rentals/${id}`, undefined, {
      accept: 'text/event-stream',
    });
    expect(response.status).toBe(404);
  });

  test('lists and history hold only one’s own; an administrator’s hold all', async () => {
    const annas = await bench.make('anna', { name: 'same-name' });
    bench.tick();
    const bens = await bench.make('ben', { name: 'same-name' });
    const idsOf = async (who: 'anna' | 'ben' | 'admin', path: string, field: string) => {
      const page = (await (await bench.call(who, `GET ${path}`)).json()) as {
        items: Record<string, unknown>[];
      };
      return page.items.map((item) => item[field]);
    };
    expect(await idsOf('anna', '/api/rentals', 'id')).toEqual([annas]);
    expect(await idsOf('ben', '/api/rentals', 'id')).toEqual([bens]);
    expect(await idsOf('admin', '/api/rentals', 'id')).toEqual([annas, bens]);
    expect(await idsOf('anna', '/api/events', 'rental')).toEqual([annas]);
    expect(await idsOf('anna', `/api/events?rental=${bens}`, 'rental')).toEqual([]);
    expect((await idsOf('admin', '/api/events', 'rental')).toSorted()).toEqual([annas, bens].toSorted());
  });

  test('PUT of a name that another tenant has makes one’s own', async () => {
    const annas = await bench.make('anna', { name: 'build-box' });
    const response = await bench.call('ben', 'PUT /api/rentals/build-box', { sshPublicKey: KEY });
    expect(response.status).toBe(202);
    const made = (await response.json()) as { id: string; tenant: string };
    expect(made.tenant).toBe('ben');
    expect(made.id).not.toBe(annas);
  });

  test('an Idempotency-Key of another tenant means nothing', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const post = async (who: 'anna' | 'ben') =>
      (await (await bench.call(who, 'POST /api/rentals', { sshPublicKey: KEY }, headers)).json()) as {
        id: string;
      };
    expect((await post('anna')).id).not.toBe((await post('ben')).id);
  });
});

describe('what only administrators may do', () => {
  test.each([
    ['POST /api/nodes/worker_1/cordon'],
    ['POST /api/nodes/worker_1/uncordon'],
    ['GET /metrics'],
    ['GET /api/tokens'],
    ['POST /api/tokens', { tenant: 'ben', role: 'admin' }],
    ['DELETE /api/tokens/abcdef'],
  ] as [string, object?][])('%s is 403 for a tenant', async (line, body) => {
    const response = await bench.call('ben', line, body);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'forbidden' });
    expect(bench.store.nodes.get('worker_1')?.requests.cordoned).toBe(false);
  });

  test('tenants see of a node only its name, zone, labels and whether it is free', async () => {
    const reduced = {
      name: 'worker_1',
      spec: { zone: 'rack-a', labels: { size: 'small' } },
      status: { free: true },
    };
    expect(await (await bench.call('ben', 'GET /api/nodes/worker_1')).json()).toEqual(reduced);
    const page = await (await bench.call('ben', 'GET /api/nodes')).json();
    expect(page).toEqual({ items: [reduced], nextCursor: null });
    const full = await (await bench.call('admin', 'GET /api/nodes/worker_1')).json();
    expect(full).toMatchObject({ spec: { host: '10.0.0.9' }, status: { state: 'free', allocated: false } });
    expect(JSON.stringify(full)).not.toContain('privateKey');
  });

  test('cordon is stored, shown and noted', async () => {
    const response = await bench.call('admin', 'POST /api/nodes/worker_1/cordon');
    expect(await response.json()).toMatchObject({ name: 'worker_1', spec: { unschedulable: true } });
    expect(bench.store.nodes.get('worker_1')?.requests.cordoned).toBe(true);
    expect(bench.store.events.at(-1)).toMatchObject({ type: 'node.cordoned', node: 'worker_1' });
    expect((await bench.call('admin', 'POST /api/nodes/nobody/cordon')).status).toBe(404);
  });
});

test('metrics are told to administrators, and to nobody without a token', async () => {
  const response = await bench.call('admin', 'GET /metrics');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  expect(await response.text()).toMatch(/^orion_nodes\{state="free"\} 1$/m);
  expect((await bench.app.request('/metrics')).status).toBe(401);
});

describe('tokens', () => {
  test('missing, malformed, unknown, expired and revoked are one and the same 401', async () => {
    const expired = createTokenSecret();
    const revoked = createTokenSecret();
    const common = { tenant: 'anna', role: 'tenant', name: null, createdAt: now } as const;
    await bench.store.createToken({ ...common, id: expired.id, hash: expired.hash, expiresAt: now });
    await bench.store.createToken({ ...common, id: revoked.id, hash: revoked.hash, expiresAt: null });
    expect((await bench.call('admin', `DELETE /api/tokens/${revoked.id}`)).status).toBe(204);
    const offered = [
      '',
      'Basic YTpi',
      'Bearer',
      'Bearer nonsense',
      `Bearer ${bench.tokens.anna}x`,
      `Bearer ${createTokenSecret().token}`,
      `Bearer ${expired.token}`,
      `Bearer ${revoked.token}`,
    ];
    const answers = await Promise.all(
      offered.map(async (authorization) => {
        const headers = { authorization, 'x-request-id': 'same-request-id' };
        const response = await bench.app.request('/api/rentals', { headers });
        return [response.status, response.headers.get('www-authenticate'), await response.text()];
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(401);
    expect(answers[0]?.[1]).toMatch(/^Bearer/);
  });

  test('are made once with their secret, listed without it, and useless when revoked', async () => {
    const made = await bench.call('admin', 'POST /api/tokens', { tenant: 'carl', expiresIn: '1h' });
    expect(made.status).toBe(201);
    const { id, token, expiresAt } = (await made.json()) as Record<'id' | 'token' | 'expiresAt', string>;
    expect(isToken(token)).toBe(true);
    expect(expiresAt).toBe('2026-01-02T04:04:05.678Z');
    const list = await (await bench.call('admin', 'GET /api/tokens')).text();
    expect(list).toContain(id);
    expect(list).not.toContain(token);
    expect(list).not.toContain('hash');
    const asCarl = () => bench.app.request('/api/rentals', { headers: { authorization: `bearer ${token}` } });
    expect((await asCarl()).status).toBe(200);
    await bench.call('admin', `DELETE /api/tokens/${id}`);
    expect((await asCarl()).status).toBe(401);
    expect((await bench.call('admin', `DELETE /api/tokens/${id}`)).status).toBe(404);
  });

  test('are listed page by page', async () => {
    const page = async (query: string) => {
      const response = await bench.call('admin', `GET /api/tokens?${query}`);
      return (await response.json()) as { items: { tenant: string }[]; nextCursor: string | null };
    };
    const first = await page('limit=2');
    expect(first.items.map(({ tenant }) => tenant)).toEqual(['anna', 'ben']);
    const second = await page(`limit=2&cursor=${first.nextCursor}`);
    expect(second.items.map(({ tenant }) => tenant)).toEqual(['admin']);
    expect(second.nextCursor).toBeNull();
    expect((await bench.call('admin', 'GET /api/tokens?cursor=nobody')).status).toBe(422);
  });

  test('no token is ever logged', async () => {
    await bench.call('anna', 'GET /api/rentals');
    await bench.call('anna', 'GET /api/nothing');
    const text = JSON.stringify(bench.logged);
    expect(text).toContain('/api/rentals');
    for (const token of Object.values(bench.tokens)) expect(text).not.toContain(token);
  });
});
