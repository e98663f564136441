import { readdirSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProbeResult, Prober } from '../core/ports.ts';
import {
  createKeyPair,
  createTarget,
  type FakeNode,
  type FakeSsh,
  runShell,
  SILENT,
  type SshScript,
  startSsh,
  startTcp,
  writeKeyFile,
} from './node.fixture.ts';
import { createProber } from './prober.ts';

const HOST_KEY = createKeyPair();
const OTHER_KEY = createKeyPair();
const CONTROL_KEY = writeKeyFile(createKeyPair().private);
const BANNER = 'SSH-2.0-OpenSSH_9.2p1\r\n';
const never = new AbortController().signal;
// Long enough for whatever answers, short for what never does.
const PATIENT = { timeoutMs: 10_000, signal: never };
const SHORT = { timeoutMs: 400, signal: never };
// The same where a handshake must fit in on a busy machine.
const LOGGED_IN = { timeoutMs: 1_500, signal: never };

let prober: Prober;
let nodes: FakeNode[] = [];
beforeEach(() => {
  prober = createProber({
    logger: SILENT,
    keepaliveMs: 0,
    hostKeyOwner: (key) => (key === OTHER_KEY.public ? 'n2' : null),
  });
});
afterEach(async () => {
  const used = nodes;
  nodes = [];
  await prober.close();
  try {
    await expect.poll(() => used.map(({ sockets }) => sockets.size)).toEqual(used.map(() => 0));
  } finally {
    await Promise.all(used.map((node) => node.stop()));
  }
});
afterAll(() => rmSync(CONTROL_KEY));

async function ssh(script: Partial<SshScript> = {}): Promise<FakeSsh> {
  const node = await startSsh({ hostKey: HOST_KEY, ...script });
  nodes.push(node);
  return node;
}
async function tcp(onSocket: (socket: Socket) => void): Promise<FakeNode> {
  const node = await startTcp(onSocket);
  nodes.push(node);
  return node;
}
const targetOf = ({ port }: { port: number }, hostKey: string | null = HOST_KEY.public) =>
  createTarget(port, CONTROL_KEY, hostKey);
const reasonOf = (result: ProbeResult) => (result.ok ? 'ok' : result.reason);

describe.each(['held', 'fresh'] as const)('a %s probe', (depth) => {
  it('reports the host key of a node that answers', async () => {
    const result = await prober.probe(targetOf(await ssh(), null), { ...PATIENT, depth });
    expect(result).toMatchObject({ ok: true, hostKey: HOST_KEY.public });
  });

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

  it('tries no login at a node with another host key', async () => {
    const node = await ssh();
    const expected = createKeyPair().public;
    const result = await prober.probe(targetOf(node, expected), { ...PATIENT, depth });
    expect(result).toMatchObject({
      reason: 'HostKeyChanged',
      evidence: 'strong',
      offeredHostKey: HOST_KEY.public,
    });
    expect(result.ok ? '' : result.message).toMatch(/SHA256:\S{43}, expected was SHA256:\S{43}/);
    expect(node.logins).toEqual([]);
  });

  it('shows the new key also when it is of another type', async () => {
    const node = await ssh();
    const result = await prober.probe(targetOf(node, createKeyPair('ecdsa').public), { ...PATIENT, depth });
    expect(result).toMatchObject({ reason: 'HostKeyChanged', offeredHostKey: HOST_KEY.public });
    expect(node.logins).toEqual([]);
  });

  it('tries no login when the pinned key can not be read', async () => {
    const node = await ssh();
    const result = await prober.probe(targetOf(node, 'ssh-ed25519 damaged'), { ...PATIENT, depth });
    expect(reasonOf(result)).toBe('HostKeyChanged');
    expect(node.logins).toEqual([]);
  });

  it('recognises another node of the fleet by its key', async () => {
    const node = await ssh({ hostKey: OTHER_KEY });
    const result = await prober.probe(targetOf(node), { ...PATIENT, depth });
    expect(result).toMatchObject({ reason: 'HostKeyOfOtherNode', offeredHostKey: OTHER_KEY.public });
    expect(result.ok ? '' : result.message).toContain('n2');
    expect(node.logins).toEqual([]);
  });

  it('tries one login, with the control key alone', async () => {
    const node = await ssh({ auth: (context) => context.reject(['publickey', 'password']) });
    const result = await prober.probe(targetOf(node), { ...PATIENT, depth });
    expect(result).toMatchObject({ reason: 'AuthRefused', evidence: 'strong' });
    expect(node.logins).toEqual(['root:publickey']);
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

describe('the held connection', () => {
  const held = { ...PATIENT, depth: 'held' as const };

  it('is dialled once and used again', async () => {
    const node = await ssh();
    for (let round = 0; round < 3; round++)
      expect(reasonOf(await prober.probe(targetOf(node), held))).toBe('ok');
    expect(node.sessions).toHaveLength(1);
  });

  it('is dialled again within the same probe when it does not answer', async () => {
    const commands: string[] = [];
    const node = await ssh({
      onCommand: (channel, command) => {
        commands.push(command);
        let answers = 0;
        const isMute = commands.length === 1;
        channel.on('data', (data: Buffer) => {
          if (!isMute || answers++ === 0) channel.write(data);
        });
      },
    });
    expect(reasonOf(await prober.probe(targetOf(node), held))).toBe('ok');
    expect(reasonOf(await prober.probe(targetOf(node), { ...held, timeoutMs: 2_500 }))).toBe('ok');
    expect(node.sessions).toHaveLength(2);
    await expect.poll(() => node.sockets.size).toBe(1);
  });

  it('is not believed when it answers anything else than the nonce', async () => {
    let channels = 0;
    const node = await ssh({
      onCommand: (channel) => {
        const isFirst = ++channels === 1;
        let answers = 0;
        channel.on('data', (data: Buffer) => channel.write(isFirst && answers++ > 0 ? 'not this\n' : data));
      },
    });
    await prober.probe(targetOf(node), held);
    expect(reasonOf(await prober.probe(targetOf(node), held))).toBe('ok');
    expect(node.sessions).toHaveLength(2);
  });

  it('is dialled again when the target has changed', async () => {
    const node = await ssh();
    await prober.probe(targetOf(node, null), held);
    await prober.probe(targetOf(node), held);
    expect(node.sessions).toHaveLength(1);
    expect(reasonOf(await prober.probe(targetOf(node, OTHER_KEY.public), held))).toBe('HostKeyChanged');
    await prober.probe({ ...targetOf(node), user: 'other' }, held);
    expect(node.logins.at(-1)).toBe('other:publickey');
    await expect.poll(() => node.sockets.size).toBe(1);
  });

  it('is news when it drops by itself, and none when it is closed here', async () => {
    const node = await ssh();
    const dropped: string[] = [];
    prober.onDropped(() => {
      throw new Error('a bad listener');
    });
    prober.onDropped((name) => dropped.push(name));
    await prober.probe(targetOf(node), held);
    node.sessions[0]?.end();
    await expect.poll(() => dropped, { timeout: 10_000 }).toEqual(['n1']);
    await prober.probe(targetOf(node), held);
    prober.forget('n1');
    await expect.poll(() => node.sockets.size).toBe(0);
    expect(dropped).toEqual(['n1']);
  });

  it('drops when the node stops answering keepalives', async () => {
    const node = await ssh();
    const quick = createProber({ logger: SILENT, keepaliveMs: 100 });
    const dropped = new Promise((resolve) => quick.onDropped(resolve));
    expect(reasonOf(await quick.probe(targetOf(node), held))).toBe('ok');
    for (const socket of node.sockets) socket.pause();
    expect(await dropped).toBe('n1');
    await quick.close();
    for (const socket of node.sockets) socket.resume();
  });

  it('ends when the node sends what nobody asked for', async () => {
    const node = await ssh();
    const dropped = new Promise((resolve) => prober.onDropped(resolve));
    await prober.probe(targetOf(node), held);
    const loud = await ssh({
      onCommand: (channel, command) => {
        runShell(channel, command);
        channel.once('data', () => setImmediate(() => floodChannel(channel)));
      },
    });
    await prober.probe({ ...targetOf(loud), name: 'loud' }, held);
    expect(await dropped).toBe('loud');
    expect(node.sockets.size).toBe(1);
  });

  it('belongs to a node that was forgotten meanwhile: it is not kept', async () => {
    let letIn: (() => void) | undefined;
    const node = await ssh({
      auth: (context) => {
        letIn = () => context.accept();
      },
    });
    const result = prober.probe(targetOf(node), held);
    await expect.poll(() => letIn).toBeDefined();
    prober.forget('n1');
    expect(reasonOf(await result)).toBe('ProbeFailed');
    await expect.poll(() => node.sockets.size).toBe(0);
  });
});

describe('the listener', () => {
  it.each([
    ['refuses', (node: FakeSsh) => node.closeListener(), 'strong'],
    ['is silent', (node: FakeSsh) => node.replaceListener(() => undefined), 'weak'],
    ['closes', (node: FakeSsh) => node.replaceListener((socket) => socket.end()), 'weak'],
  ] as const)('that %s while the session answers is dead', async (_name, spoil, evidence) => {
    const node = await ssh();
    await prober.probe(targetOf(node), { ...PATIENT, depth: 'held' });
    spoil(node);
    const result = await prober.probe(targetOf(node), { ...SHORT, timeoutMs: 1_000, depth: 'held' });
    expect(result).toMatchObject({ reason: 'ListenerDead', evidence });
    expect(node.sessions).toHaveLength(1);
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

/** Sends the same again and again for as long as somebody reads. */
function flood(socket: Socket, text: string): void {
  const send = () => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', send).resume();
  send();
}

function floodChannel(channel: {
  write(text: string): boolean;
  on(event: 'drain', send: () => void): unknown;
  writable: boolean;
}): void {
  const send = () => {
    while (channel.writable && channel.write('x'.repeat(10_000)));
  };
  channel.on('drain', send);
  send();
}
