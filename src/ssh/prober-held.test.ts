import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '../project/silent.fixture.ts';
import { createKeptConnections, type KeptConnections } from './kept-connections.ts';
import { type FakeSsh, runShell } from './node.fixture.ts';
import {
  floodChannel,
  OTHER_KEY,
  PATIENT,
  prober,
  reasonOf,
  SHORT,
  ssh,
  targetOf,
  useProber,
} from './prober.fixture.ts';
import { createProber } from './prober.ts';

useProber();

describe('the held connection', () => {
  const held = { ...PATIENT, depth: 'held' as const };

  it('is dialled once and used again', async () => {
    const node = await ssh();
    for (let round = 0; round < 3; round++)
      expect(reasonOf(await prober.probe(targetOf(node), held))).toBe('ok');
    expect(node.sessions).toHaveLength(1);
  });

  it('shows at its beginning which start of the machine it leads to, and is not asked again', async () => {
    const kernel = '0a1b2c3d-0000-4000-8000-0123456789ab';
    const commands: string[] = [];
    let startedAt = 77;
    const node = await ssh({
      onCommand: (channel, command) => {
        commands.push(command);
        channel.write(`Welcome!\n${kernel}\n1 (init) S ${'0 '.repeat(18)}${startedAt} 5\n`);
        channel.on('data', (data: Buffer) => channel.write(data));
      },
    });
    const bootId = async () => {
      const result = await prober.probe(targetOf(node), held);
      return result.ok ? result.bootId : result.reason;
    };
    expect([await bootId(), await bootId()]).toEqual([`${kernel}/77`, `${kernel}/77`]);
    expect(commands).toHaveLength(1);
    startedAt = 99;
    node.sessions[0]?.end();
    await expect.poll(bootId).toBe(`${kernel}/99`);
    expect(commands).toHaveLength(2);
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
    expect(reasonOf(await prober.probe(targetOf(node), { ...held, timeoutMs: 10_000 }))).toBe('ok');
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
    await expect.poll(() => dropped).toEqual(['n1']);
    await prober.probe(targetOf(node), held);
    prober.forget('n1');
    await expect.poll(() => node.sockets.size).toBe(0);
    expect(dropped).toEqual(['n1']);
  });

  describe('of a daemon whose term is over', () => {
    let kept: KeptConnections;
    const open = (keptMs?: number) => {
      kept = createKeptConnections(keptMs);
      return () => createProber({ logger: SILENT, keepaliveMs: 0, kept });
    };
    afterEach(() => kept.close());

    it('is used again in its next term, by which its end is reported', async () => {
      const node = await ssh();
      const start = open();
      const first = start();
      await first.probe(targetOf(node), held);
      await first.close();
      const second = start();
      const dropped: string[] = [];
      second.onDropped((name) => dropped.push(name));
      expect(reasonOf(await second.probe(targetOf(node), held))).toBe('ok');
      expect([node.sessions.length, node.sockets.size]).toEqual([1, 1]);
      node.sessions[0]?.end();
      await expect.poll(() => dropped).toEqual(['n1']);
      await second.close();
    });

    it('is not used again when it has ended, leads to another address, or the key is not known yet', async () => {
      const [node, elsewhere] = [await ssh(), await ssh()];
      const start = open();
      let prober = start();
      const again = async (target: ReturnType<typeof targetOf>) => {
        await prober.close();
        prober = start();
        expect(reasonOf(await prober.probe(target, held))).toBe('ok');
      };
      await again(targetOf(node));
      await prober.close();
      node.sessions[0]?.end();
      await expect.poll(() => node.sockets.size).toBe(0);
      await again(targetOf(node));
      expect(node.sessions).toHaveLength(2);
      await again(targetOf(elsewhere));
      expect(elsewhere.sessions).toHaveLength(1);
      await again(targetOf(elsewhere, null));
      expect(elsewhere.sessions).toHaveLength(2);
      await prober.close();
    });

    it('ends when no term follows, when its node is forgotten, and with the daemon', async () => {
      const node = await ssh();
      const start = open(200);
      const [first, second] = [start(), start()];
      await first.probe(targetOf(node), held);
      await first.close();
      expect(node.sockets.size).toBe(1);
      await expect.poll(() => node.sockets.size).toBe(0);
      await second.probe(targetOf(node), held);
      second.forget('n1');
      await expect.poll(() => node.sockets.size).toBe(0);
      await second.probe(targetOf(node), held);
      await second.close();
      kept.close();
      await expect.poll(() => node.sockets.size).toBe(0);
    });

    it('ends when the term is over in the middle of a probe', async () => {
      let question: (() => void) | null = null;
      const node = await ssh({
        onCommand: (channel) =>
          void channel.on('data', (data: Buffer) => (question ? question() : channel.write(data))),
      });
      const prober = open()();
      await prober.probe(targetOf(node), held);
      const asked = new Promise<void>((resolve) => {
        question = resolve;
      });
      const probe = prober.probe(targetOf(node), held);
      await asked;
      await prober.close();
      expect(reasonOf(await probe)).toBe('ProbeFailed');
      await expect.poll(() => node.sockets.size).toBe(0);
    });
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
    const result = await prober.probe(targetOf(node), { ...SHORT, timeoutMs: 2_500, depth: 'held' });
    expect(result).toMatchObject({ reason: 'ListenerDead', evidence });
    expect(node.sessions).toHaveLength(1);
  });
});
