import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiBench, createApiBench } from './api.fixture.ts';
import { type ApiServer, startServer } from './server.ts';

let bench: ApiBench;
let server: ApiServer;
let dir: string;
let path: string;

const quiet = () => undefined;

beforeEach(async () => {
  bench = await createApiBench({ stallMs: 100 });
  await bench.call('admin', 'PATCH /api/tenants/anna', { maxWatches: 1 });
  dir = mkdtempSync(join(tmpdir(), 'orion-api-'));
  path = join(dir, 'api.sock');
  // As a killed daemon leaves it behind.
  writeFileSync(path, '');
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  server = await startServer({ app: bench.app, listen: { kind: 'unix', path }, logger });
});
afterEach(async () => {
  bench.watch.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

async function raw(bytes: string): Promise<string> {
  const socket = connect(path);
  socket.write(bytes);
  return await text(socket);
}

test('answers on its socket', async () => {
  const answer = await raw('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain('"status":"ok"');
});

test.each([
  ['431', `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(40_000)}\r\n\r\n`],
  ['400', 'NONSENSE\r\n\r\n'],
])('what the parser refuses is a problem: %s', async (status, bytes) => {
  const answer = await raw(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer).toContain('Content-Type: application/problem+json');
  const [, body = ''] = answer.split('\r\n\r\n');
  expect(JSON.parse(body)).toMatchObject({
    status: Number(status),
    type: expect.stringContaining('urn:orion'),
  });
});

test('not even then has an answer to HEAD a body', async () => {
  const answer = await raw(`HEAD / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(40_000)}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 [\s\S]*\r\n\r\n$/);
});

test.each(['TRACE', 'PROPFIND', 'OPTIONS'])('%s is not known anywhere, whoever asks', async (method) => {
  const ask = (path: string) => raw(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const answer = await ask('/api/rentals');
  expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  expect(answer).toMatch(/^allow: GET, HEAD, POST\r$/im);
  expect(await ask('/nowhere')).toMatch(/^HTTP\/1\.1 404 /);
});

test('a chunked body above the limit is 413', async () => {
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${bench.tokens.anna}`,
      'content-type': 'application/json',
      'transfer-encoding': 'chunked',
    };
    const call = request({ socketPath: path, path: '/api/rentals', method: 'POST', headers }, (response) =>
      resolve(response.statusCode),
    );
    call.on('error', reject);
    call.end('x'.repeat(20_000));
  });
  expect(answer).toBe(413);
});

function openWatch(id: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${bench.tokens.anna}`, accept: 'text/event-stream' };
  return new Promise((resolve, reject) => {
    request({ socketPath: path, path: `/api/rentals/${id}`, headers }, resolve)
      .on('error', reject)
      .end();
  });
}

test('a watch through the real server flows, and ends when the hub closes', async () => {
  const stream = await openWatch(await bench.make('anna'));
  stream.setEncoding('utf8');
  const first = await new Promise<string>((resolve) => stream.once('data', resolve));
  expect(first).toContain('event: rental');
  const rest = text(stream);
  bench.watch.close();
  await rest;
});

test('a client that does not read loses its connection, so that nothing waits in it for ever', async () => {
  const id = await bench.make('anna');
  const stalled = await openWatch(id);
  // Far more than fits into the buffers at both ends of the connection.
  for (let count = 0; count < 3_000; count++) {
    bench.store.setStatus(id, 'rental.status', { phase: 'Active', queuePosition: count });
  }
  const again = async () => {
    const stream = await openWatch(id);
    stream.destroy();
    return stream.statusCode;
  };
  expect(await again()).toBe(429);
  await expect.poll(again).toBe(200);
  await expect(text(stalled)).rejects.toThrow('aborted');
});
