import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { caPathOf, startProxy, waitUntilServing } from '../lab/proxy.ts';
import type { LabSettings } from '../lab/settings.ts';
import type { Running } from '../lab/supervisor.ts';
import { type ApiBench, createApiBench, KEY } from './api.fixture.ts';
import { readDescription } from './description/checked-app.fixture.ts';
import { createAnswerCheck } from './description/described.fixture.ts';
import { problemSchema } from './schemas/rental.ts';
import { type ApiServer, startServer } from './server.ts';

// The API behind the real proxy with its own configuration. Only the store is in memory.

const httpsPort = 28_720;
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let home: string;
let ca: Buffer;
let proxy: Running;
let bench: ApiBench;
let server: ApiServer | null = null;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'orion-proxied-'));
  await mkdir(join(home, 'run'));
  const settings: LabSettings = { home, inventoryPath: '', nodes: [], httpsPort, replicas: 1 };
  proxy = await startProxy(settings, ['daemon_1']);
  await waitUntilServing(settings, AbortSignal.timeout(60_000));
  ca = await readFile(caPathOf(home));
});
afterAll(async () => {
  await proxy?.stop();
  await rm(home, { recursive: true, force: true });
});
beforeEach(async () => {
  bench = await createApiBench({ stallMs: 200 });
  await bench.call('admin', 'PATCH /api/tenants/anna', { maxWatches: 1 });
  server = await startDaemon();
});
afterEach(async () => {
  bench.watch.close();
  await server?.close();
  server = null;
});

function startDaemon(): Promise<ApiServer> {
  const listen = { kind: 'unix', path: join(home, 'run', 'daemon_1.sock') } as const;
  return startServer({ app: bench.app, listen, logger });
}

interface Sent {
  headers?: Record<string, string>;
  body?: string;
}

function open(line: string, { headers = {}, body }: Sent = {}): Promise<IncomingMessage> {
  const [method, path] = line.split(' ');
  const authorization = `Bearer ${bench.tokens.anna}`;
  const options = { host: 'localhost', servername: 'localhost', port: httpsPort, method, path, ca };
  return new Promise((resolve, reject) => {
    const all = { authorization, ...headers };
    const sent = request({ ...options, headers: all, agent: false, timeout: 60_000 }, resolve);
    sent.on('error', reject).on('timeout', () => sent.destroy(new Error(`${line}: no answer`)));
    sent.end(body);
  });
}

async function refused(line: string, sent?: Sent) {
  const response = await open(line, sent);
  expect(response.headers['content-type']).toBe('application/problem+json');
  expect(response.headers['cache-control']).toBe('no-store');
  expect(response.headers).not.toHaveProperty('server');
  const problem = problemSchema.parse(JSON.parse(await text(response)));
  expect(problem.status).toBe(response.statusCode);
  return { ...problem, headers: response.headers };
}

describe('whatever is refused on the way is a problem', () => {
  const json = { 'content-type': 'application/json' };
  const long = (length: number) => ({ headers: json, body: 'x'.repeat(length) });
  const chunked = (length: number) => ({
    ...long(length),
    headers: { ...json, 'transfer-encoding': 'chunked' },
  });

  test.each([
    ['by the daemon: no token', 'GET /api/rentals', { headers: { authorization: '' } }, 401, 'unauthorized'],
    ['by the daemon: no such rental', 'GET /api/rentals/nobody', {}, 404, 'not_found'],
    ['by the daemon: a long body', 'POST /api/rentals', long(20_000), 413, 'body_too_large'],
    ['by the daemon: a long body in chunks', 'POST /api/rentals', chunked(20_000), 413, 'body_too_large'],
    ['by the proxy: a longer body', 'POST /api/rentals', long(100_000), 413, 'body_too_large'],
    ['by the proxy: a longer body in chunks', 'POST /api/rentals', chunked(100_000), 413, 'body_too_large'],
    [
      'by the parser: long headers',
      'GET /api/rentals',
      { headers: { 'x-long': 'x'.repeat(40_000) } },
      431,
      'headers_too_large',
    ],
  ] as [string, string, Sent, number, string][])('%s', async (_name, line, sent, status, code) => {
    expect(await refused(line, sent)).toMatchObject({ status, code });
  });

  test('another host, over a connection to the right one', async () => {
    const { status, code } = await refused('GET /api/rentals', { headers: { host: 'elsewhere.example' } });
    expect({ status, code }).toEqual({ status: 421, code: 'proxy_error' });
  });

  test('a wrong method, with those that are right', async () => {
    const { status, headers } = await refused('PUT /api/rent', { headers: json, body: '{}' });
    expect(status).toBe(405);
    expect(headers.allow).toBe('POST');
  });

  test('a database that is away, and when to come again', async () => {
    bench.store.failure = Object.assign(new Error('away'), { name: 'StoreError' });
    const { status, headers } = await refused('GET /api/rentals');
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  test('no daemon at all, and when to come again', async () => {
    await server?.close();
    server = null;
    for (const line of ['GET /api/rentals', 'GET /docs']) {
      const { status, code, headers } = await refused(line);
      expect([502, 503]).toContain(status);
      expect(code).toBe('unavailable');
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    // Once the daemon is back, nothing is held against it, whatever the request.
    server = await startDaemon();
    const sent = { headers: json, body: JSON.stringify({ sshPublicKey: KEY }) };
    expect((await open('POST /api/rentals', sent)).resume().statusCode).toBe(202);
  });
});

test('answers come through the proxy as they are described, with their headers', async () => {
  const check = createAnswerCheck(await readDescription(bench.app.request));
  const json = { 'content-type': 'application/json' };
  const good = { headers: json, body: JSON.stringify({ sshPublicKey: KEY, name: 'box' }) };
  const statuses: number[] = [];
  for (const [line, sent] of [
    ['POST /api/rentals', good],
    ['POST /api/rentals', good],
    ['GET /api/rentals', {}],
    ['GET /api/rentals/box', {}],
    ['GET /api/rentals', { headers: { authorization: '' } }],
    ['PATCH /api/rentals/box', { headers: json, body: '{"ttl":1}' }],
    ['TRACE /api/rentals', {}],
    ['GET /healthz', {}],
  ] as [string, Sent][]) {
    const response = await open(line, sent);
    const [method = '', path = ''] = line.split(' ');
    const headers = new Headers(response.headers as Record<string, string>);
    const status = response.statusCode ?? 0;
    check({ method, path, status, headers, text: await text(response) });
    statuses.push(status);
  }
  expect(statuses).toEqual([202, 409, 200, 200, 401, 422, 405, 200]);
});

describe('a watch through the proxy', () => {
  const sse = { accept: 'text/event-stream', 'accept-encoding': 'gzip' };

  test('flows as things happen, uncompressed, and ends after its rental', async () => {
    const id = await bench.make('anna', { sshPublicKey: KEY });
    const stream = await open(`GET /api/rentals/${id}`, { headers: sse });
    expect(stream.headers['content-encoding']).toBeUndefined();
    stream.setEncoding('utf8');
    const next = () => new Promise<string>((resolve) => stream.once('data', resolve));
    expect(await next()).toContain('"phase":"Pending"');
    const active = next();
    bench.store.setStatus(id, 'rental.active', { phase: 'Active' });
    expect(await active).toContain('"phase":"Active"');
    const rest = text(stream);
    bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });
    expect(await rest).toContain('"phase":"Released"');
  });

  test('is cut off when the client does not read, and resumes without a gap', async () => {
    const id = await bench.make('anna');
    const stalled = await open(`GET /api/rentals/${id}`, { headers: sse });
    // More than fits into the buffers of the daemon, the proxy and both connections.
    const count = 10_000;
    for (let place = 0; place < count; place++) {
      bench.store.setStatus(id, 'rental.status', { phase: 'Active', queuePosition: place });
    }
    const watched = async () => {
      const stream = await open(`GET /api/rentals/${id}`, { headers: sse });
      stream.destroy();
      return stream.statusCode;
    };
    // The place is free as soon as the daemon has cut the stream, though the client has noticed nothing yet.
    await expect.poll(watched, { timeout: 30_000 }).toBe(200);
    let got = '';
    stalled.setEncoding('utf8').on('data', (chunk) => {
      got += chunk;
    });
    // The proxy may break or end it. Either way a client that follows asks again.
    await new Promise((resolve) => stalled.once('error', resolve).once('end', resolve));
    const places = [...got.matchAll(/"queuePosition":(\d+)/g)].map(([, place]) => Number(place));
    const last = /^id: (\d+)\n.*\n\n(?!.*^id: )/ms.exec(got)?.[1] ?? '';
    expect(places.length).toBeLessThan(count);

    bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });
    const end = bench.store.events.at(-1)?.seq ?? 0;
    await expect
      .poll(async () => {
        const stream = await open(`GET /api/rentals/${id}`, { headers: { ...sse, 'last-event-id': last } });
        if (stream.statusCode !== 200) return stream.resume().statusCode;
        const seqs = [...(await text(stream)).matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq));
        return [seqs[0] === Number(last) + 1, seqs.at(-1) === end, seqs.length === end - Number(last)];
      })
      .toEqual([true, true, true]);
  });
});

test('no log of the proxy holds what one could act with', async () => {
  const secrets = ['s3cret-csrf', 's3cret-cookie', 's3cret-proxy', 's3cret-query'];
  const [csrf = '', cookie = '', proxyAuthorization = '', query = ''] = secrets;
  const headers = {
    'x-csrf-token': csrf,
    cookie: `__Host-orion=${cookie}`,
    'proxy-authorization': proxyAuthorization,
  };
  const line = `GET /api/rentals?limit=7&token=${query}&access_token=${query}`;
  await refused(line, { headers });
  await server?.close();
  server = null;
  // The same for a request that it cannot serve.
  await refused(line, { headers });
  const read = () => readFile(join(home, 'logs', 'proxy.log'), 'utf8');
  await expect.poll(async () => (await read()).split('limit=7').length - 1).toBe(2);
  const log = await read();
  for (const secret of [...secrets, bench.tokens.anna]) expect(log).not.toContain(secret);
});

test('the page at /docs comes compressed, with its policy, and its files may be kept', async () => {
  const page = await open('GET /docs');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  const [, script = ''] = /src="([^"]+bundle\.js)"/.exec(await text(page)) ?? [];
  const file = await open(`GET ${script}`, { headers: { 'accept-encoding': 'gzip' } });
  expect(file.headers).toMatchObject({
    'content-encoding': 'gzip',
    'cache-control': expect.stringContaining('immutable'),
    'content-type': 'text/javascript; charset=utf-8',
  });
  expect(gunzipSync(await buffer(file)).toString()).toContain('SwaggerUIBundle');
});

test('the history names the address that the proxy saw, whatever a client says of itself', async () => {
  for (const name of ['x-forwarded-for', 'X-Real-IP', 'Forwarded']) {
    const headers = { [name]: name === 'Forwarded' ? 'for=203.0.113.5' : '203.0.113.5' };
    const body = JSON.stringify({ sshPublicKey: KEY });
    const sent = { headers: { ...headers, 'content-type': 'application/json' }, body };
    expect((await open('POST /api/rentals', sent)).statusCode).toBe(202);
    expect(bench.store.events.at(-1)).toMatchObject({
      type: 'rental.created',
      actor: { token: { name: 'anna' }, tenant: 'anna', source: '127.0.0.1' },
    });
  }
});
