import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addressOf, REFUSED_WEBHOOKS } from '../core/text/refused-webhooks.fixture.ts';
import { NOTHING_ALLOWED, parseWebhookAllowance, type WebhookAllowance } from '../core/text/webhook-url.ts';
import { type NameServer, startNameServer } from './name-server.fixture.ts';
import { postMessage } from './post.ts';
import { startReceiver } from './receiver.fixture.ts';

/** What every name resolves to at present. */
let addresses: string[] = [];
let names: NameServer;
/** Every address to which this process started a connection. */
let connected: string[] = [];

beforeEach(async () => {
  names = await startNameServer(() => addresses);
  connected = [];
  const emit = Socket.prototype.emit;
  vi.spyOn(Socket.prototype, 'emit').mockImplementation(function (this: Socket, ...args) {
    const [event, address] = args as unknown as [string, string];
    if (event === 'connectionAttempt') connected.push(address);
    return emit.apply(this, args);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await names.close();
});

function call(url: string, allowed: WebhookAllowance = NOTHING_ALLOWED) {
  const signal = new AbortController().signal;
  const options = { allowed, signal, deadlineMs: 5_000, nameServers: [names.address], now: new Date() };
  return postMessage({ url, headers: {}, body: '{}' }, options);
}
function allow(text: string): WebhookAllowance {
  const parsed = parseWebhookAllowance(text);
  if ('wrong' in parsed) throw new Error('not an allowance');
  return parsed.allowed;
}

describe('nothing is connected to', () => {
  test.each(REFUSED_WEBHOOKS)('where the URL says it (%s: %s)', async (_what, url) => {
    expect(await call(url)).toMatchObject({ kind: 'failed', outcome: 'blocked' });
    expect([connected, names.asked]).toEqual([[], []]);
  });

  test.each(REFUSED_WEBHOOKS)('where a name leads there (%s: %s)', async (_what, url) => {
    addresses = [addressOf(url)];
    expect(await call('https://hooks.example.com/')).toMatchObject({
      kind: 'failed',
      outcome: 'blocked',
      error: 'the URL must not point to a private, loopback or link-local address',
    });
    expect([connected, names.asked]).toEqual([[], ['hooks.example.com']]);
  });

  test.each(REFUSED_WEBHOOKS)('where a name leads there besides (%s: %s)', async (_what, url) => {
    addresses = ['8.8.8.8', addressOf(url)];
    expect(await call('https://hooks.example.com/')).toMatchObject({ outcome: 'blocked' });
    expect(connected).toEqual([]);
  });
});

test('a name that changes its mind is connected to where it led when it was looked at, and refused the next time', async () => {
  const receiver = await startReceiver((_call, response) => {
    addresses = ['127.0.0.2'];
    response.writeHead(204).end();
  });
  addresses = ['127.0.0.1'];
  const url = `http://hooks.example.com:${receiver.port}/`;
  const allowed = allow('127.0.0.1 http:');
  try {
    expect(await call(url, allowed)).toEqual({ kind: 'delivered' });
    expect(connected).toEqual(['127.0.0.1']);
    expect(await call(url, allowed)).toMatchObject({ outcome: 'blocked' });
    expect([connected, receiver.calls.length]).toEqual([['127.0.0.1'], 1]);
  } finally {
    await receiver.close();
  }
});
