import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SILENT } from '../../project/silent.fixture.ts';
import { type ApiBench, createApiBench, KEY } from '../api.fixture.ts';
import { type ApiServer, startServer } from '../server.ts';

// Bodies that arrive late, in pieces, many at once or not at all, over real connections.

let bench: ApiBench;
let server: ApiServer;
let dir: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  bench = await createApiBench();
  dir = mkdtempSync(join(tmpdir(), 'orion-bodies-'));
  const listen = { kind: 'unix', path: join(dir, 'api.sock') } as const;
  server = await startServer({ app: bench.app, listen, logger: SILENT });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  bench.watch.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Head {
  token?: string;
  from?: string;
  /** Null: chunked. */
  length?: number | null;
  close?: boolean;
}

/** Sends the head and, if given, a body. `statusOf` reads the answer. */
function send(line: string, { token, from, length = null, close }: Head, body = ''): Socket {
  const socket = connect(join(dir, 'api.sock'));
  socket.on('error', () => undefined);
  sockets.push(socket);
  const head = [
    `${line} HTTP/1.1`,
    ...['Host: orion.test', 'Content-Type: application/json'],
    length === null ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(from === undefined ? [] : [`X-Forwarded-For: ${from}`]),
    ...(close ? ['Connection: close'] : []),
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

async function statusOf(socket: Socket): Promise<number> {
  let got = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    got += chunk;
    const [, status] = /^HTTP\/1\.1 (\d+)/.exec(got) ?? [];
    if (status !== undefined) return Number(status);
  }
  throw new Error(`closed after: ${got}`);
}

/** Generous, for a busy machine. */
const LATE = { timeout: 30_000 };

const PLAN = 'POST /api/inventory/plan';

describe('who is refused for what the head says is told before the body has come', () => {
  test.each([
    [401, 'of a stranger', PLAN, () => ({})],
    [401, 'of a stranger who says how long it is', PLAN, () => ({ length: 6_000_000 })],
    [403, 'of a tenant, for administrators', PLAN, () => ({ token: bench.tokens.anna })],
    [404, 'to no address', 'POST /api/nowhere', () => ({ token: bench.tokens.anna })],
    [405, 'to an address of other methods', 'PUT /api/rent', () => ({ token: bench.tokens.anna })],
    [413, 'above the limit', 'POST /api/rent', () => ({ token: bench.tokens.anna, length: 20_000 })],
  ] as [number, string, string, () => Head][])('%i %s', async (status, _who, line, head) => {
    expect(await statusOf(send(line, head()))).toBe(status);
  });

  test('429 over the limit of the tenant', async () => {
    await bench.call('admin', 'PATCH /api/tenants/anna', { requestsPerMinute: 1 });
    expect((await bench.call('anna', 'GET /api/rentals')).status).toBe(200);
    expect(await statusOf(send(PLAN, { token: bench.tokens.anna }))).toBe(429);
  });

  test('429 after ten refused sign-ins', async () => {
    const from = '192.0.2.1';
    for (let tries = 0; tries < 10; tries++) {
      const body = JSON.stringify({ token: 'wrong' });
      const head = { from, length: body.length, close: true };
      expect(await text(send('POST /api/session', head, body))).toMatch(/^HTTP\/1\.1 401 /);
    }
    expect(await statusOf(send('POST /api/session', { from }))).toBe(429);
  });

  test('and what they go on sending ends with their connection', async () => {
    const socket = send(PLAN, {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    const go = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', go).resume();
    go();
    await closed;
  });
});

describe('bytes on their way', () => {
  const plan = (from: string) => send(PLAN, { token: bench.tokens.admin, from });

  test('are limited for each address, and free again when who sends them goes', async () => {
    const first = plan('192.0.2.1');
    await expect.poll(() => statusOf(plan('192.0.2.1')), LATE).toBe(429);
    first.destroy();
    const body = JSON.stringify({ text: 'nodes: []' });
    const again = async () => {
      const head = { token: bench.tokens.admin, from: '192.0.2.1', close: true };
      return await text(send(PLAN, head, `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`));
    };
    await expect.poll(again, LATE).toMatch(/^HTTP\/1\.1 422 [\s\S]*not used here/);
  });

  test('are limited for each tenant, wherever they come from', async () => {
    plan('192.0.2.1');
    await expect.poll(() => statusOf(plan('192.0.2.2')), LATE).toBe(429);
  });
});

test('a body that its client breaks off is no failure of ours', async () => {
  const line = 'POST /api/rentals';
  for (const [length, body] of [
    [500, '{"ttl"'],
    [null, 'fffff\r\n{"ttl"'],
    [null, ''],
  ] as const) {
    send(line, { token: bench.tokens.anna, length }, body).end();
  }
  const requests = () => bench.logged.filter(({ message }) => message === 'request');
  await expect.poll(() => requests().length, LATE).toBe(3);
  expect(requests().map(({ fields }) => (fields as { status: number }).status)).toEqual([400, 400, 400]);
  expect(bench.logged.filter(({ fields }) => 'err' in fields)).toEqual([]);
  expect(bench.store.rentals.size).toBe(0);
});

test('a key that stands twice is refused with its path, whatever the last would have meant', async () => {
  const body = `{"sshPublicKey":"${KEY}","ttl":"1h","onNodeLoss":{"action":"wait","action":"migrate"}}`;
  const response = await bench.call('anna', 'POST /api/rentals', body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    code: 'malformed_request',
    errors: [{ path: 'onNodeLoss.action' }],
  });
  expect(bench.store.rentals.size).toBe(0);
});
