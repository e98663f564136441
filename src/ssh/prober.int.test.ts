import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NodeTarget, Prober } from '../core/ports/node-access.ts';
import { ensureKeyPair, startWorker, type Worker } from '../lab/worker.ts';
import { SILENT } from '../project/silent.fixture.ts';
import { createAccessQuery } from './access-query.ts';
import { ACCOUNT_SCRIPT, fillListener, limitListener, readTitle } from './filled-listener.fixture.ts';
import { createProber } from './prober.ts';

const { signal } = new AbortController();
const LONG = { timeout: 60_000 };
const held = { depth: 'held', timeoutMs: 60_000, signal } as const;
const fresh = { depth: 'fresh', timeoutMs: 60_000, signal } as const;
let home: string;
let worker: Worker;
let target: NodeTarget;
let publicKey: string;
let prober: Prober;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'orion-ssh-'));
  publicKey = await ensureKeyPair(join(home, 'control'), 'control');
  const port = 20_000 + Math.floor(Math.random() * 4_000);
  worker = await startWorker({ home, name: 'w', host: '127.0.0.1', port, authorizedKey: publicKey });
  const privateKeyPath = join(home, 'control');
  target = { name: 'w', host: '127.0.0.1', port, user: 'root', privateKeyPath, hostKey: worker.hostKey };
});
afterAll(async () => {
  await worker?.stop();
  await rm(home, { recursive: true, force: true });
});
beforeEach(() => {
  prober = createProber({ logger: SILENT, keepaliveMs: 1_000 });
});
afterEach(() => prober.close());

const readLog = () => readFile(join(home, 'logs', 'w.log'), 'utf8');
const countDescriptors = () => readdirSync('/proc/self/fd').length;

describe('the prober on a real sshd', () => {
  it('reports the host key that it saw, and leaves nothing open', async () => {
    const before = countDescriptors();
    const seen = { ok: true, hostKey: worker.hostKey };
    expect(await prober.probe({ ...target, hostKey: null }, held)).toMatchObject(seen);
    for (let round = 0; round < 5; round++) {
      expect(await prober.probe(target, held)).toMatchObject(seen);
      expect(await prober.probe(target, fresh)).toMatchObject(seen);
    }
    await prober.close();
    await expect.poll(countDescriptors).toBeLessThanOrEqual(before);
  });

  it('names a refused control key, and a port where nothing listens', async () => {
    await ensureKeyPair(join(home, 'stranger'), 'stranger');
    const privateKeyPath = join(home, 'stranger');
    expect(await prober.probe({ ...target, privateKeyPath }, held)).toMatchObject({ reason: 'AuthRefused' });
    const refused = { reason: 'ConnectionRefused', evidence: 'strong' };
    expect(await prober.probe({ ...target, port: 1 }, fresh)).toMatchObject(refused);
  });

  it('tells a dead listener from a dead node', async () => {
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
    await worker.stopListener();
    const dead = { ok: false, reason: 'ListenerDead', evidence: 'strong' };
    await expect.poll(() => prober.probe(target, held)).toMatchObject(dead);
    await worker.startListener();
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
  });

  it('frees a listener that an account has filled, and the node does so alone once nobody is there', async () => {
    const [uid, connections] = [20_017, 20];
    const runs = async () => (await worker.exec(['sh', '-c', `ps -o pid= -u ${uid}`])).stdout.trim();
    await worker.exec(['sh', '-ec', ACCOUNT_SCRIPT]);
    await limitListener(worker, '20:100:40');
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
    await fillListener(worker, { uid, port: target.port, connections });
    await expect.poll(() => readTitle(worker), LONG).toContain('[listener] 20 of');
    expect(await prober.probe(target, held)).toMatchObject({ ok: true, filled: { uid, connections } });
    expect(await runs()).toBe('');
    expect((await worker.exec(['ls', '/etc/ssh/orion'])).stdout.trim()).toBe('');

    // As after a restart of the daemon: no session is left, and a new one has to find a way in.
    await prober.close();
    await fillListener(worker, { uid, port: target.port, connections });
    await expect.poll(runs, LONG).toBe('');
    prober = createProber({ logger: SILENT, keepaliveMs: 1_000 });
    await expect.poll(() => prober.probe(target, held), LONG).toMatchObject({ ok: true });
  });

  it('closes what fills a listener from elsewhere, and blames no account for it', async () => {
    await limitListener(worker, '20:100:40');
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
    const sockets = Array.from({ length: 20 }, () =>
      connect(target.port, target.host).on('error', () => null),
    );
    try {
      await expect.poll(() => readTitle(worker), LONG).toContain('[listener] 20 of');
      await expect.poll(() => prober.probe(target, held), LONG).toMatchObject({ ok: true });
      expect(await prober.probe(target, held)).not.toHaveProperty('filled');
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it('gives up on a frozen node at its deadline, and hears of it when it thaws', async () => {
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
    await worker.freeze();
    const silent = { ok: false, reason: 'BannerTimeout', evidence: 'weak' };
    try {
      for (let round = 0; round < 2; round++) {
        expect(await prober.probe(target, { ...held, timeoutMs: 1_500 })).toMatchObject(silent);
      }
      expect(await prober.probe(target, { ...fresh, timeoutMs: 500 })).toMatchObject(silent);
    } finally {
      await worker.thaw();
    }
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
  });

  it('hears of a frozen node without being asked to look', async () => {
    const dropped = new Promise((resolve) => prober.onDropped(resolve));
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
    await worker.freeze();
    try {
      expect(await dropped).toBe('w');
    } finally {
      await worker.thaw();
    }
  });

  it('hears at once that a node stopped, and holds it again when it is back', async () => {
    const dropped = new Promise((resolve) => prober.onDropped(resolve));
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
    await worker.stop();
    expect(await dropped).toBe('w');
    const refused = { reason: 'ConnectionRefused', evidence: 'strong' };
    expect(await prober.probe(target, held)).toMatchObject(refused);
    await worker.start();
    expect(await prober.probe(target, held)).toMatchObject({ ok: true });
  });

  it('tries no login when the node has another host key than the expected one', async () => {
    const hostKey = await ensureKeyPair(join(home, 'other'), 'other');
    const logBefore = await readLog();
    for (const options of [held, fresh]) {
      expect(await prober.probe({ ...target, hostKey }, options)).toMatchObject({
        reason: 'HostKeyChanged',
        evidence: 'strong',
        offeredHostKey: worker.hostKey,
      });
    }
    expect((await readLog()).slice(logBefore.length)).not.toMatch(/publickey|Invalid user|authenticat/i);
  });
});

it('a node that comes back with another host key gets no login', async () => {
  expect(await prober.probe(target, held)).toMatchObject({ ok: true });
  await worker.stop();
  const own = ['host_key', 'host_key.pub'].map((file) => join(worker.folder, file));
  await Promise.all(own.map((path) => rename(path, `${path}.old`)));
  const offeredHostKey = await ensureKeyPair(join(worker.folder, 'host_key'), 'w');
  await worker.start();
  expect(await prober.probe(target, held)).toMatchObject({ reason: 'HostKeyChanged', offeredHostKey });
  const known = createProber({ logger: SILENT, keepaliveMs: 0, hostKeyOwner: () => 'other' });
  expect(await known.probe(target, held)).toMatchObject({ reason: 'HostKeyOfOtherNode', offeredHostKey });
  await known.close();
  await worker.stop();
  await Promise.all(own.map((path) => rename(`${path}.old`, path)));
  await worker.start();
  expect(await prober.probe(target, held)).toMatchObject({ ok: true });
});

describe('the question whether a key is accepted', () => {
  const query = createAccessQuery({ logger: SILENT });
  const ask = (account: string, key: string, to: NodeTarget = target) =>
    query.isKeyAccepted(to, account, key, { timeoutMs: 60_000, signal });

  it('is answered without the private key', async () => {
    const before = countDescriptors();
    expect(await ask('root', publicKey)).toEqual({ kind: 'accepted' });
    const stranger = await ensureKeyPair(join(home, 'stranger'), 'stranger');
    expect(await ask('root', stranger)).toEqual({ kind: 'refused' });
    expect(await ask('nobody-here', publicKey)).toEqual({ kind: 'refused' });
    await expect.poll(countDescriptors).toBeLessThanOrEqual(before);
  });

  it('is answered for keys on a security key too, which ssh2 can not read', async () => {
    const name = 'sk-ssh-ed25519@openssh.com';
    const fields = [Buffer.from(name), Buffer.alloc(32, 7), Buffer.from('ssh:')];
    const blob = Buffer.concat(fields.flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]));
    const key = `${name} ${blob.toString('base64')}`;
    expect(await ask('root', key)).toEqual({ kind: 'refused' });
    await worker.exec(['sh', '-c', 'cat >> /root/.ssh/authorized_keys'], { input: `${key}\n` });
    expect(await ask('root', key)).toEqual({ kind: 'accepted' });
  });

  it('is answered for an RSA key', async () => {
    const key = (await worker.exec(['sh', '-c', RSA_SCRIPT])).stdout.split(' ').slice(0, 2).join(' ');
    expect(key).toMatch(/^ssh-rsa /);
    expect(await ask('root', key)).toEqual({ kind: 'accepted' });
  });

  it('is not put to a node with another host key', async () => {
    const hostKey = await ensureKeyPair(join(home, 'other'), 'other');
    const answer = await ask('root', publicKey, { ...target, hostKey });
    expect(answer).toMatchObject({ kind: 'unknown', reason: 'HostKeyChanged' });
  });

  it('stays open when the node is stopped', async () => {
    await worker.stop();
    expect(await ask('root', publicKey)).toMatchObject({ kind: 'unknown', reason: 'ConnectionRefused' });
  });
});

const RSA_SCRIPT =
  'ssh-keygen -q -t rsa -b 2048 -N "" -f /tmp/rsa && cat /tmp/rsa.pub >> /root/.ssh/authorized_keys && cat /tmp/rsa.pub';
