import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeTarget } from '../core/ports.ts';
import { ensureKeyPair, startWorker, type Worker } from '../lab/worker.ts';
import { createAccessQuery } from './access-query.ts';
import { SILENT } from './node.fixture.ts';
import { createProber } from './prober.ts';

const logger = SILENT;
const PORT = 38_411;
const signal = new AbortController().signal;
let home: string;
let worker: Worker;
let target: NodeTarget;
let publicKey: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'orion-ssh-'));
  publicKey = await ensureKeyPair(join(home, 'control'), 'control');
  worker = await startWorker({ home, name: 'w', host: '127.0.0.1', port: PORT, authorizedKey: publicKey });
  const privateKeyPath = join(home, 'control');
  target = {
    name: 'w',
    host: '127.0.0.1',
    port: PORT,
    user: 'root',
    privateKeyPath,
    hostKey: worker.hostKey,
  };
});
afterAll(async () => {
  await worker.stop();
  await rm(home, { recursive: true, force: true });
});

const held = { depth: 'held', timeoutMs: 5_000, signal } as const;
const fresh = { depth: 'fresh', timeoutMs: 5_000, signal } as const;

async function withProber<T>(use: (prober: ReturnType<typeof createProber>) => Promise<T>): Promise<T> {
  const prober = createProber({ logger, keepaliveMs: 1_000 });
  try {
    return await use(prober);
  } finally {
    await prober.close();
  }
}
async function countSockets(): Promise<number> {
  const { readdir, readlink } = await import('node:fs/promises');
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith('socket:')).length;
}

describe('the prober on a real sshd', () => {
  it('reports the host key that it saw, held and fresh, and leaves no socket open', async () => {
    const before = await countSockets();
    await withProber(async (prober) => {
      expect(await prober.probe({ ...target, hostKey: null }, held)).toMatchObject({
        ok: true,
        hostKey: worker.hostKey,
      });
      expect(await prober.probe(target, held)).toMatchObject({ ok: true });
      expect(await prober.probe(target, fresh)).toMatchObject({ ok: true, hostKey: worker.hostKey });
    });
    await expect.poll(countSockets).toBeLessThanOrEqual(before);
  });

  it('tries no login when the host key is not the expected one', async () => {
    const other = await ensureKeyPair(join(home, 'other'), 'other');
    const log = () => readFile(join(home, 'logs', 'w.log'), 'utf8').catch(() => '');
    const result = await withProber((prober) => prober.probe({ ...target, hostKey: other }, held));
    expect(result).toMatchObject({
      ok: false,
      reason: 'HostKeyChanged',
      evidence: 'strong',
      offeredHostKey: worker.hostKey,
    });
    expect(await log()).not.toMatch(/Failed publickey|Invalid user/);
  });

  it('says so when the node refuses the control key, or nothing listens', async () => {
    await withProber(async (prober) => {
      const privateKeyPath = join(home, 'other');
      expect(await prober.probe({ ...target, privateKeyPath }, held)).toMatchObject({
        reason: 'AuthRefused',
      });
      expect(await prober.probe({ ...target, privateKeyPath: '/nowhere' }, held)).toMatchObject({
        reason: 'ControlKeyUnreadable',
      });
      expect(await prober.probe({ ...target, port: 1 }, held)).toMatchObject({
        reason: 'ConnectionRefused',
        evidence: 'strong',
      });
    });
  });

  it('tells a dead listener from a dead node', async () => {
    await withProber(async (prober) => {
      expect(await prober.probe(target, held)).toMatchObject({ ok: true });
      await worker.stopListener();
      await expect
        .poll(() => prober.probe(target, held))
        .toMatchObject({ ok: false, reason: 'ListenerDead' });
      await worker.startListener();
      expect(await prober.probe(target, held)).toMatchObject({ ok: true });
    });
  });

  it('gives up on a frozen node at its deadline', async () => {
    await withProber(async (prober) => {
      expect(await prober.probe(target, held)).toMatchObject({ ok: true });
      await worker.freeze();
      const short = { ...held, timeoutMs: 500 };
      expect(await prober.probe(target, short)).toMatchObject({
        ok: false,
        reason: 'EchoTimeout',
        evidence: 'weak',
      });
      expect(await prober.probe(target, short)).toMatchObject({ ok: false, reason: 'BannerTimeout' });
      await worker.thaw();
      expect(await prober.probe(target, held)).toMatchObject({ ok: true });
    });
  });

  it('hears at once that a held connection dropped', async () => {
    await withProber(async (prober) => {
      const dropped = new Promise((resolve) => prober.onDropped(resolve));
      expect(await prober.probe(target, held)).toMatchObject({ ok: true });
      await worker.stop();
      expect(await dropped).toBe('w');
      expect(await prober.probe(target, held)).toMatchObject({ reason: 'ConnectionRefused' });
      await worker.start();
    });
  });
});

describe('the question whether a key is accepted', () => {
  const ask = (account: string, key: string) =>
    createAccessQuery({ logger }).isKeyAccepted(target, account, key, { timeoutMs: 5_000, signal });

  it('is answered without the private key', async () => {
    expect(await ask('root', publicKey)).toEqual({ kind: 'accepted' });
    const other = await ensureKeyPair(join(home, 'stranger'), 'stranger');
    expect(await ask('root', other)).toEqual({ kind: 'refused' });
    expect(await ask('nobody-here', publicKey)).toEqual({ kind: 'refused' });
  });

  it('is not answered by a node with another host key', async () => {
    const hostKey = await ensureKeyPair(join(home, 'other'), 'other');
    const answer = await createAccessQuery({ logger }).isKeyAccepted(
      { ...target, hostKey },
      'root',
      publicKey,
      {
        timeoutMs: 5_000,
        signal,
      },
    );
    expect(answer).toMatchObject({ kind: 'unknown', reason: 'HostKeyChanged' });
  });
});
