import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { runShell, startTcp } from './node.fixture.ts';
import {
  CONTROL_KEY,
  flood,
  floodChannel,
  LOGGED_IN,
  PATIENT,
  prober,
  reasonOf,
  SHORT,
  ssh,
  targetOf,
  tcp,
  useProber,
} from './prober.fixture.ts';

const BANNER = 'SSH-2.0-OpenSSH_9.2p1\r\n';

useProber();

describe.each(['held', 'fresh'] as const)('a %s probe', (depth) => {
  const scripts: [string, (socket: Socket) => void, string, boolean][] = [
    ['silence after accepting', (socket) => void socket.resume(), 'BannerTimeout', true],
    ['a banner and no more', (socket) => void socket.write(BANNER), 'AuthTimeout', true],
    [
      'another protocol',
      (socket) => void socket.write('HTTP/1.1 400 Bad\r\n\r\n'.repeat(2_000)),
      'NonsenseAnswer',
      false,
    ],
    [
      'garbage after the banner',
      (socket) => void socket.write(BANNER + '\xff'.repeat(200)),
      'NonsenseAnswer',
      false,
    ],
    ['an end at once', (socket) => void socket.end(), 'ConnectionClosed', false],
    ['an end after the banner', (socket) => void socket.end(BANNER), 'ConnectionClosed', false],
    ['a reset', (socket) => void socket.resetAndDestroy(), 'ConnectionReset', false],
    ['lines without end', (socket) => flood(socket, 'welcome\r\n'.repeat(1_000)), 'NonsenseAnswer', false],
    ['one line without end', (socket) => flood(socket, 'x'.repeat(10_000)), 'NonsenseAnswer', false],
  ];
  it.each(scripts)('names %s', async (_name, onSocket, reason, isSilent) => {
    const node = await tcp(onSocket);
    const result = await prober.probe(targetOf(node), { ...(isSilent ? SHORT : PATIENT), depth });
    expect(reasonOf(result)).toBe(reason);
    if (result.ok) return;
    expect(result.message).toContain(`127.0.0.1:${node.port}`);
    expect(result.message).toMatch(/^[\x20-\x7e…]{1,300}$/);
  });

  it('names a port where nothing listens', async () => {
    const node = await startTcp(() => undefined);
    await node.stop();
    const result = await prober.probe(targetOf(node), { ...PATIENT, depth });
    expect(result).toMatchObject({ reason: 'ConnectionRefused', evidence: 'strong' });
  });

  it('names a host name that does not exist', async () => {
    const target = { ...targetOf({ port: 22 }), host: 'no-such-host.invalid' };
    const result = await prober.probe(target, { ...PATIENT, depth });
    expect(result).toMatchObject({ reason: 'DnsFailed', evidence: 'weak' });
  });

  it('never rejects, whatever the target is', async () => {
    const result = await prober.probe(targetOf({ port: 70_000 }), { ...PATIENT, depth });
    expect(result).toMatchObject({ ok: false, reason: 'ProbeFailed' });
  });

  it('names a login that is never answered', async () => {
    const node = await ssh({ auth: () => undefined });
    expect(reasonOf(await prober.probe(targetOf(node), { ...LOGGED_IN, depth }))).toBe('AuthTimeout');
  });

  it('names a command that is never started', async () => {
    const node = await ssh({ isExecMute: true });
    expect(reasonOf(await prober.probe(targetOf(node), { ...LOGGED_IN, depth }))).toBe('CommandTimeout');
  });

  it('names a command that says nothing', async () => {
    const node = await ssh({ onCommand: () => undefined });
    const expected = depth === 'held' ? 'EchoTimeout' : 'CommandTimeout';
    expect(reasonOf(await prober.probe(targetOf(node), { ...LOGGED_IN, depth }))).toBe(expected);
  });

  it('takes no other answer than the nonce', async () => {
    const node = await ssh({ onCommand: (channel) => void channel.write('\x1b[2J# no such command\n') });
    const result = await prober.probe(targetOf(node), { ...LOGGED_IN, depth });
    expect(result).toMatchObject({ reason: 'NonsenseAnswer', evidence: 'strong' });
    expect(result.ok ? '' : result.message).toContain('\\x1b[2J# no such command');
  });

  it('forgives a shell profile that prints something first', async () => {
    const node = await ssh({
      onCommand: (channel, command) => {
        channel.write('Welcome!\n');
        runShell(channel, command);
      },
    });
    expect(reasonOf(await prober.probe(targetOf(node), { ...PATIENT, depth }))).toBe('ok');
  });

  it('reads no answer without end', async () => {
    const node = await ssh({ onCommand: (channel) => floodChannel(channel) });
    expect(reasonOf(await prober.probe(targetOf(node), { ...PATIENT, depth }))).toBe('NonsenseAnswer');
  });

  it('names a connection that ends in the middle', async () => {
    const node = await ssh({ onCommand: (_channel, _command, session) => void session.end() });
    expect(reasonOf(await prober.probe(targetOf(node), { ...PATIENT, depth }))).toBe('ConnectionClosed');
  });

  it.each([
    ['is not there', '/nonexistent/key'],
    ['is no key', CONTROL_KEY.replace(/[^/]*$/, '')],
  ])('names a control key that %s', async (_name, privateKeyPath) => {
    const node = await ssh();
    const result = await prober.probe({ ...targetOf(node), privateKeyPath }, { ...PATIENT, depth });
    expect(reasonOf(result)).toBe('ControlKeyUnreadable');
    expect(node.sockets.size).toBe(0);
  });

  it('ends with the signal of its caller', async () => {
    const node = await tcp((socket) => void socket.resume());
    const controller = new AbortController();
    const result = prober.probe(targetOf(node), { timeoutMs: 600_000, signal: controller.signal, depth });
    await expect.poll(() => node.sockets.size).toBe(1);
    controller.abort();
    expect(await result).toMatchObject({ reason: 'ProbeFailed', evidence: 'weak' });
    const late = await prober.probe(targetOf(node), { ...PATIENT, signal: controller.signal, depth });
    expect(reasonOf(late)).toBe('ProbeFailed');
  });

  it('leaves no descriptor open, however it ended', async () => {
    const good = await ssh();
    const bad = await tcp((socket) => flood(socket, 'x\n'.repeat(5_000)));
    await prober.probe({ ...targetOf(good), name: 'a' }, { ...PATIENT, depth });
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 10; round++) {
      await prober.probe({ ...targetOf(good), name: 'a' }, { ...PATIENT, depth });
      await prober.probe({ ...targetOf(bad), name: 'b' }, { ...PATIENT, depth });
    }
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });
});

it('runs one probe per node at a time', async () => {
  const node = await ssh();
  const options = { ...PATIENT, depth: 'held' as const };
  const results = await Promise.all([1, 2, 3].map(() => prober.probe(targetOf(node), options)));
  expect(results.map(reasonOf)).toEqual(['ok', 'ok', 'ok']);
  expect(node.sessions).toHaveLength(1);
});

it('one node that hangs delays no other', async () => {
  const hanging = await tcp((socket) => void socket.resume());
  const good = await ssh();
  const controller = new AbortController();
  const slow = prober.probe(targetOf(hanging), {
    timeoutMs: 600_000,
    signal: controller.signal,
    depth: 'held',
  });
  expect(reasonOf(await prober.probe({ ...targetOf(good), name: 'n2' }, { ...PATIENT, depth: 'held' }))).toBe(
    'ok',
  );
  controller.abort();
  await slow;
});

it('does nothing after it was closed', async () => {
  const node = await ssh();
  await prober.close();
  expect(reasonOf(await prober.probe(targetOf(node), { ...PATIENT, depth: 'held' }))).toBe('ProbeFailed');
  expect(node.sockets.size).toBe(0);
});
