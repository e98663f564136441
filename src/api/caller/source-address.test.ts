import { createServer, type Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { findSource, placeOf } from '../../core/tenant/request-source.ts';
import { type Network, parseNetwork } from '../../core/text/ip-address.ts';
import type { AppEnv } from '../app-env.ts';
import { sourceOf } from '../middleware.ts';

const proxies = ['10.0.0.0/8', 'fd00::/8'].map((text) => parseNetwork(text) as Network);

describe('the source of a request', () => {
  test.each([
    ['a stranger, whatever the header says', '198.51.100.7', '203.0.113.5', '198.51.100.7'],
    ['a stranger who says nothing', '198.51.100.7', '', '198.51.100.7'],
    ['behind a proxy of ours', '10.0.0.2', '198.51.100.7', '198.51.100.7'],
    ['behind a proxy that is reached over IPv6', '::ffff:10.0.0.2', '198.51.100.7', '198.51.100.7'],
    ['behind two of ours', '10.0.0.2', '198.51.100.7, fd00::9', '198.51.100.7'],
    ['behind ours, with a lie before the last hop', '10.0.0.2', '203.0.113.5, 198.51.100.7', '198.51.100.7'],
    ['behind ours, with nonsense before it', '10.0.0.2', 'localhost, 198.51.100.7', '198.51.100.7'],
    ['the proxy itself, when it says nonsense', '10.0.0.2', '198.51.100.7:443', '10.0.0.2'],
    ['the proxy itself, when it says nothing', '10.0.0.2', '', '10.0.0.2'],
    ['one of our own machines behind ours', '10.0.0.2', '10.0.0.9', '10.0.0.9'],
    ['over a unix socket', null, '203.0.113.5, 198.51.100.7', '198.51.100.7'],
    ['over a unix socket, of nobody', null, '', null],
    ['of IPv6, in its short form', '10.0.0.2', '2001:DB8:0:0::7', '2001:db8::7'],
  ])('is of %s: %s, %s', (_what, peer, forwarded, source) => {
    expect(findSource(peer, forwarded, proxies)).toBe(source);
  });

  test('is the peer of a real connection unless that is a trusted proxy', async () => {
    const ask = async (trusted: Network[]) => {
      const app = new Hono<AppEnv>().get('/', (c) => c.text(String(sourceOf(c, trusted))));
      const server = createAdaptorServer({ fetch: app.fetch, createServer }) as Server;
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as { port: number };
      const headers = { 'x-forwarded-for': '198.51.100.7' };
      const text = await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text();
      await new Promise((done) => server.close(done));
      return text;
    };
    expect(await ask([])).toBe('127.0.0.1');
    expect(await ask([parseNetwork('127.0.0.1') as Network])).toBe('198.51.100.7');
  });
});

test('a place is an address, or the /64 that it is in', () => {
  expect([placeOf('198.51.100.7'), placeOf('2001:db8:1:2:3::4'), placeOf(null)]).toEqual([
    '198.51.100.7',
    '2001:db8:1:2::/64',
    'unknown',
  ]);
});
