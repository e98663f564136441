import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { NOTHING_ALLOWED, parseWebhookAllowance, type WebhookAllowance } from '../core/text/webhook-url.ts';
import { type NameServer, startNameServer } from './name-server.fixture.ts';
import { postMessage } from './post.ts';
import { type Receiver, startReceiver } from './receiver.fixture.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
function opened<Part extends { close(): Promise<void> }>(part: Part): Part {
  open.push(part);
  return part;
}
const receive = async (...args: Parameters<typeof startReceiver>): Promise<Receiver> =>
  opened(await startReceiver(...args));
const serveNames = async (answer: (name: string) => string[] | null): Promise<NameServer> =>
  opened(await startNameServer(answer));

function allow(text: string): WebhookAllowance {
  const parsed = parseWebhookAllowance(text);
  if ('wrong' in parsed) throw new Error('not an allowance');
  return parsed.allowed;
}
const LOOPBACK = allow('127.0.0.0/8 http:');

function post(
  url: string,
  set: { allowed?: WebhookAllowance; deadlineMs?: number; signal?: AbortSignal; nameServers?: string[] } = {},
) {
  const message = { url, headers: { 'webhook-id': 'msg_1' }, body: '{"ä":1}' };
  const signal = new AbortController().signal;
  return postMessage(message, { allowed: LOOPBACK, deadlineMs: 5_000, signal, now: new Date(), ...set });
}

describe('a message', () => {
  test('is delivered when it is answered with success, whatever the answer is', async () => {
    const receiver = await receive((_call, response) => void response.writeHead(202).end('thanks'));
    expect(await post(receiver.url)).toEqual({ kind: 'delivered' });
    expect(receiver.calls).toMatchObject([
      { path: '/hook', body: '{"ä":1}', headers: { 'webhook-id': 'msg_1' } },
    ]);
    expect(receiver.calls[0]?.headers['content-length']).toBe('8');
  });

  test.each([
    [500, 'it answered 500'],
    [404, 'it answered 404'],
    [302, 'it answered 302; redirects are not followed'],
  ])('is refused with %i', async (status, error) => {
    const other = await receive();
    const receiver = await receive(
      (_call, response) => void response.writeHead(status, { location: other.url }).end(),
    );
    expect(await post(receiver.url)).toMatchObject({
      kind: 'failed',
      outcome: 'refused',
      error,
      isFinal: false,
    });
    expect(receiver.calls).toHaveLength(1);
    expect(other.calls).toEqual([]);
  });

  test('is refused for good with 410, and for some time with Retry-After', async () => {
    const headers: Record<string, string> = { '/later': '120', '/much-later': '999999', '/odd': 'soon' };
    const receiver = await receive(({ path }, response) => {
      const after = headers[path];
      if (after === undefined) response.writeHead(410).end();
      else response.writeHead(429, { 'retry-after': after }).end();
    });
    expect(await post(receiver.url)).toMatchObject({ isFinal: true });
    const at = (path: string) => post(new URL(path, receiver.url).href);
    expect(await at('/later')).toMatchObject({ isFinal: false, retryAfterMs: 120_000 });
    expect(await at('/much-later')).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(await at('/odd')).toMatchObject({ retryAfterMs: 0 });
  });

  test('shows nothing of an answer that failed', async () => {
    const receiver = await receive((_call, response) => void response.writeHead(500, 'secret').end('secret'));
    expect(JSON.stringify(await post(receiver.url))).not.toContain('secret');
  });

  test('is not waited for longer than the deadline, nor is an answer without an end', async () => {
    const silent = await receive(() => undefined);
    expect(await post(silent.url, { deadlineMs: 200 })).toMatchObject({
      kind: 'failed',
      outcome: 'timeout',
      error: 'no answer within 0.2 s',
    });
    const endless = await receive((_call, response) => void response.writeHead(200).write('…'));
    expect(await post(endless.url, { deadlineMs: 200 })).toEqual({ kind: 'delivered' });
  });

  test('is not read beyond 64 kB of answer', async () => {
    let sent = 0;
    const flood = await receive((_call, response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) sent += 16_384;
      };
      response.on('drain', pour);
      pour();
    });
    expect(await post(flood.url)).toEqual({ kind: 'delivered' });
    // Includes what is in the buffers of both sides.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test('could not be sent where nobody listens, or nobody speaks HTTP', async () => {
    const gone = await startReceiver();
    await gone.close();
    expect(await post(gone.url)).toMatchObject({
      outcome: 'unreachable',
      error: 'it could not be reached (ECONNREFUSED)',
    });
    const server = createServer(
      (socket) =>
        void socket
          .on('error', () => undefined)
          .end('220 mail\r\n')
          .resume(),
    ).listen(0, '127.0.0.1');
    opened({ close: () => new Promise((done) => server.close(() => done())) });
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as { port: number };
    expect(await post(`http://127.0.0.1:${port}/`)).toMatchObject({ outcome: 'unreachable' });
  });

  test('that is called off is neither delivered nor refused', async () => {
    const stop = new AbortController();
    const receiver = await receive(() => stop.abort());
    expect(await post(receiver.url, { signal: stop.signal })).toEqual({ kind: 'aborted' });
  });
});

describe('where a webhook may not lead', () => {
  test('an address is refused before anything is sent', async () => {
    const receiver = await receive();
    for (const url of [receiver.url, receiver.url.replace('127.0.0.1', '[::ffff:127.0.0.1]')]) {
      expect(await post(url, { allowed: allow('http:') })).toMatchObject({
        kind: 'failed',
        outcome: 'blocked',
      });
    }
    expect(receiver.calls).toEqual([]);
  });

  test('a name that leads to this machine is refused when it is called', async () => {
    const receiver = await receive();
    const names = await serveNames(() => ['127.0.0.1']);
    const url = `http://hooks.example.com:${receiver.port}/`;
    const nameServers = [names.address];
    expect(await post(url, { allowed: allow('http:'), nameServers })).toMatchObject({
      kind: 'failed',
      outcome: 'blocked',
      error: 'the URL must not point to a private, loopback or link-local address',
    });
    expect(receiver.calls).toEqual([]);
    // The same name is called where the operator allows the address, so the address was what was refused.
    expect(await post(url, { nameServers })).toEqual({ kind: 'delivered' });
  });

  test('a name that the operator allows is looked up the way of the system, and leads wherever it leads', async () => {
    const receiver = await receive();
    const url = `http://localhost:${receiver.port}/`;
    expect(await post(url, { allowed: allow('localhost http:') })).toEqual({ kind: 'delivered' });
    expect(await post(url, { allowed: allow('http:') })).toMatchObject({ outcome: 'blocked' });
  });

  test('plain http is refused unless it is allowed', async () => {
    expect(await post('http://8.8.8.8/', { allowed: NOTHING_ALLOWED })).toMatchObject({ outcome: 'blocked' });
  });

  test('a name server that never answers ends with the deadline', async () => {
    const names = await serveNames(() => null);
    const result = await post('http://hooks.example.com/', { deadlineMs: 200, nameServers: [names.address] });
    expect(result).toMatchObject({ outcome: 'timeout' });
  });
});
