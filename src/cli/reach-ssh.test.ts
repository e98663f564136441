import { getEventListeners, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { reachesSsh } from './reach-ssh.ts';

/** A frozen machine: its kernel accepts connections, and nothing answers. */
async function withSilent(work: (where: { host: string; port: number }) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  } finally {
    server.close();
  }
}

test('who knocks for long leaves nothing behind on the signal', async () => {
  const { signal } = new AbortController();
  await withSilent(async (where) => {
    for (let tries = 0; tries < 3; tries++) expect(await reachesSsh(where, 20, signal)).toBe(false);
    expect(await reachesSsh({ ...where, port: 1 }, 1_000, signal)).toBe(false);
  });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('an abort ends it at once, also one that came before', async () => {
  const stop = new AbortController();
  await withSilent(async (where) => {
    const knock = reachesSsh(where, 600_000, stop.signal);
    stop.abort();
    expect(await knock).toBe(false);
    expect(await reachesSsh(where, 600_000, stop.signal)).toBe(false);
  });
});
