import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench, KEY } from './api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
});

interface Problem {
  code: string;
  status: number;
  errors?: { path: string; message: string }[];
}

async function refusal(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = (await response.json()) as Problem & Record<string, unknown>;
  const fields = ['type', 'title', 'status', 'detail', 'code', 'errors', 'requestId'];
  expect(Object.keys(body).filter((key) => !fields.includes(key))).toEqual([]);
  expect(body.type).toBe(`urn:orion:problem:${body.code}`);
  expect(body.status).toBe(response.status);
  expect(body.requestId).toBe(response.headers.get('x-request-id'));
  return body;
}

describe('what a rental may not be', () => {
  test.each([
    ['state', { state: 'Active' }],
    ['node', { node: 'worker_1' }],
    ['tenant', { tenant: 'ben' }],
    ['epoch', { epoch: 7 }],
    ['account', { account: 'root' }],
    ['sshPublicKey', { sshPublicKey: `command="sh" ${KEY}` }],
    ['sshPublicKey', { sshPublicKey: 'https://example.com' }],
    ['sshPublicKey', { sshPublicKey: 7 }],
    ['ttl', { ttl: '6' }],
    ['ttl', { ttl: '13h' }],
    ['ttl', { ttl: '0s' }],
    ['ttl', { ttl: -5 }],
    ['name', { name: 'Has_Capitals' }],
    ['name', { name: 'r_abc' }],
    ['name', { name: 'a'.repeat(64) }],
    ['name', { name: '' }],
    ['whenFull', { whenFull: 'maybe' }],
    ['selector.size', { selector: { size: 'small' } }],
    ['onNodeLoss.action', { onNodeLoss: { action: 'explode' } }],
    ['onNodeLoss.after', { onNodeLoss: { action: 'wait', after: 'soon' } }],
    ['webhookUrl', { webhookUrl: 'http://example.com' }],
    ['webhookUrl', { webhookUrl: 'https://127.1/' }],
    ['webhookUrl', { webhookUrl: 'https://example.com/\r\nHost: inside' }],
    ['webhookUrl', { webhookUrl: 'https://example.com/\u001b[31m' }],
    ['webhookUrl', { webhookUrl: 'https://example.com:22/' }],
    ['selector.zone', { selector: { zone: 'rack\u001b[2J' } }],
    ['selector.zone', { selector: { zone: 'rack-a\n' } }],
    ['selector.zone', { selector: { zone: 'rack\u202ea' } }],
    ['selector.matchLabels.size', { selector: { matchLabels: { size: 'small\n' } } }],
    ['labels.size', { labels: { size: 'small\u0000' } }],
  ])('%s as in %j is 422 with its path', async (path, part) => {
    const response = await bench.call('anna', 'POST /api/rentals', { sshPublicKey: KEY, ...part });
    expect(response.status).toBe(422);
    const { code, errors } = await refusal(response);
    expect(code).toBe('invalid_input');
    expect(errors?.map((error) => error.path)).toEqual([path]);
    expect(bench.store.rentals.size).toBe(0);
  });

  test('all mistakes are told at once', async () => {
    const response = await bench.call('anna', 'POST /api/rentals', { ttl: 'x', bogus: 1 });
    const { errors } = await refusal(response);
    expect(errors?.map((error) => error.path).toSorted()).toEqual(['bogus', 'sshPublicKey', 'ttl']);
  });

  test('labels that are no labels, and too many of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, 'v']));
    for (const labels of [many, { 'a b': 'c' }, { a: 'b c' }, { a: '{{x}}' }, { a: 7 }]) {
      const response = await bench.call('anna', 'POST /api/rentals', { sshPublicKey: KEY, labels });
      expect(response.status).toBe(422);
    }
  });

  test('PATCH takes what may change and nothing else', async () => {
    const id = await bench.make('anna');
    for (const body of [{ selector: {} }, { whenFull: 'queue' }, { name: 'other' }, { generation: 9 }]) {
      expect((await bench.call('anna', `PATCH /api/rentals/${id}`, body)).status).toBe(422);
    }
    const response = await bench.call('anna', `PATCH /api/rentals/${id}`, { ttl: '1h', labels: { a: 'b' } });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ generation: 2, spec: { ttl: '1h', labels: { a: 'b' } } });
  });
});

describe('requests that are not what they should be', () => {
  test.each([
    ['400 for JSON that is none', '{"ttl":', {}, 400, 'malformed_request'],
    ['415 for another type', 'ttl=6h', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['415 for a form', 'ttl=6h', { 'content-type': 'multipart/form-data' }, 415, 'unsupported_media_type'],
    ['413 above 16 kB', `{"name":"${'x'.repeat(17_000)}"}`, {}, 413, 'body_too_large'],
  ])('%s', async (_name, body, headers, status, code) => {
    for (const path of ['/api/rentals', '/api/rent']) {
      const response = await bench.call('anna', `POST ${path}`, body, headers as Record<string, string>);
      expect(response.status).toBe(status);
      expect((await refusal(response)).code).toBe(code);
    }
  });

  test.each(['limit=0', 'limit=501', 'limit=-1', 'limit=x', 'limit=1.5', 'limit='])(
    '%s is 422',
    async (query) => {
      for (const path of ['/api/rentals', '/api/nodes', '/api/events']) {
        expect((await bench.call('admin', `GET ${path}?${query}`)).status).toBe(422);
      }
    },
  );

  test('an unknown field of a query is 422 with its path, on every call', async () => {
    const { paths } = bench.app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } });
    const calls = Object.entries(paths ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(calls.length).toBeGreaterThan(10);
    for (const call of calls.filter((line) => line.includes(' /api/'))) {
      const response = await bench.call('admin', `${call.replaceAll(/\{\w+\}/g, 'x')}?limti=5`);
      expect(`${call}: ${response.status}`).toBe(`${call}: 422`);
      expect((await refusal(response)).errors).toContainEqual({
        path: 'query limti',
        message: 'there is no such field',
      });
    }
  });

  test.each([
    ['PUT /api/rent', 'POST'],
    ['POST /api/rentals/r_x', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['DELETE /openapi.json', 'GET, HEAD'],
    ['GET /api/nodes/worker_1/cordon', 'POST'],
  ])('%s is 405 and names what the address takes: %s', async (line, allowed) => {
    const response = await bench.call('admin', line, line.startsWith('GET') ? undefined : {});
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allowed);
    expect((await refusal(response)).code).toBe('method_not_allowed');
  });

  test('a cursor that no list gave is 422', async () => {
    const response = await bench.call('anna', 'GET /api/rentals?cursor=nonsense');
    expect(response.status).toBe(422);
    expect((await refusal(response)).code).toBe('invalid_input');
  });

  test('an address that is none is 404, and a failure inside is told without its reason', async () => {
    expect((await refusal(await bench.call('anna', 'GET /api/nothing'))).code).toBe('not_found');
    bench.store.failure = new Error('SELECT secret FROM api_tokens');
    const response = await bench.call('anna', 'GET /api/rentals');
    expect(response.status).toBe(500);
    expect(JSON.stringify(await refusal(response))).not.toContain('SELECT');
  });

  test('a database that is away is 503 with Retry-After', async () => {
    bench.store.failure = Object.assign(new Error('values of the statement'), { name: 'StoreError' });
    const response = await bench.call('anna', 'GET /api/rentals');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    const problem = await refusal(response);
    expect(problem.code).toBe('database_unavailable');
    expect(JSON.stringify(problem)).not.toContain('statement');
    expect((await bench.app.request('/healthz')).status).toBe(200);
    expect((await bench.app.request('/readyz')).status).toBe(503);
  });

  test('a sane X-Request-Id is kept, another one replaced', async () => {
    const idOf = async (offered: string) =>
      (await bench.call('anna', 'GET /api/rentals', undefined, { 'x-request-id': offered })).headers.get(
        'x-request-id',
      );
    expect(await idOf('0123-abcd')).toBe('0123-abcd');
    expect(await idOf('bad id with blanks')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf('x'.repeat(300))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('Idempotency-Key', () => {
  const post = (body: object, key: string) =>
    bench.call('anna', 'POST /api/rentals', body, { 'idempotency-key': key });

  test('same key and body: the same rental, once', async () => {
    const first = (await (await post({ sshPublicKey: KEY, ttl: '1h' }, 'k')).json()) as { id: string };
    const again = await post({ ttl: '1h', sshPublicKey: KEY }, 'k');
    expect(again.status).toBe(202);
    expect(((await again.json()) as { id: string }).id).toBe(first.id);
    expect(bench.store.rentals.size).toBe(1);
  });

  test('same key, other body: 409', async () => {
    await post({ sshPublicKey: KEY, ttl: '1h' }, 'k');
    const response = await post({ sshPublicKey: KEY, ttl: '2h' }, 'k');
    expect(response.status).toBe(409);
    expect((await refusal(response)).code).toBe('idempotency_key_reused');
  });

  test('a key that is none is 422', async () => {
    expect((await post({ sshPublicKey: KEY }, 'with blank')).status).toBe(422);
    expect((await post({ sshPublicKey: KEY }, 'x'.repeat(300))).status).toBe(422);
  });
});

describe('events', () => {
  const seqs = async (query: string) => {
    const page = (await (await bench.call('anna', `GET /api/events?${query}`)).json()) as {
      items: { seq: number }[];
      nextCursor: string | null;
    };
    return { seqs: page.items.map(({ seq }) => seq), nextCursor: page.nextCursor };
  };

  test('are read from the oldest on, or from the newest back, page by page', async () => {
    for (let count = 0; count < 5; count++) await bench.make('anna');
    expect(await seqs('limit=2')).toEqual({ seqs: [1, 2], nextCursor: '2' });
    expect(await seqs('limit=2&cursor=4')).toEqual({ seqs: [5], nextCursor: null });
    expect(await seqs('limit=2&order=desc')).toEqual({ seqs: [5, 4], nextCursor: '4' });
    expect(await seqs('limit=2&order=desc&cursor=4')).toEqual({ seqs: [3, 2], nextCursor: '2' });
    expect(await seqs('limit=2&order=desc&cursor=2')).toEqual({ seqs: [1], nextCursor: null });
  });

  test.each(['order=up', 'cursor=x', 'cursor=-1', 'cursor=1e3', 'cursor='])('%s is 422', async (query) => {
    expect((await bench.call('anna', `GET /api/events?${query}`)).status).toBe(422);
  });

  test('a watch goes forward only', async () => {
    const sse = { accept: 'text/event-stream' };
    expect((await bench.call('anna', 'GET /api/events?order=desc', undefined, sse)).status).toBe(422);
  });
});
