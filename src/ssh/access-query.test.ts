import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '../project/silent.fixture.ts';
import { createAccessQuery, parseQueryKey } from './access-query.ts';
import {
  createKeyPair,
  createTarget,
  type FakeNode,
  type SshScript,
  startSsh,
  startTcp,
} from './node.fixture.ts';

const HOST_KEY = createKeyPair();
const CLIENT_KEY = createKeyPair();
const never = new AbortController().signal;
const query = createAccessQuery({ logger: SILENT });
let node: FakeNode | undefined;
afterEach(async () => {
  const used = node;
  node = undefined;
  try {
    await expect.poll(() => used?.sockets.size ?? 0).toBe(0);
  } finally {
    await used?.stop();
  }
});

async function ask(
  auth: SshScript['auth'],
  { key = CLIENT_KEY.public, hostKey = HOST_KEY.public as string | null, timeoutMs = 10_000 } = {},
) {
  const ssh = await startSsh({ hostKey: HOST_KEY, auth });
  node = ssh;
  const target = createTarget(ssh.port, '/not/needed', hostKey);
  const answer = await query.isKeyAccepted(target, 'alice', key, { timeoutMs, signal: never });
  return { answer, logins: ssh.logins };
}

describe('the question whether a key would do', () => {
  it('is answered yes, and nothing is signed', async () => {
    let signatures = 0;
    const { answer, logins } = await ask((context) => {
      if (context.method === 'publickey' && context.signature) signatures++;
      context.accept();
    });
    expect(answer).toEqual({ kind: 'accepted' });
    expect(logins).toEqual(['alice:publickey']);
    expect(signatures).toBe(0);
  });

  it('is answered no, after one attempt', async () => {
    const { answer, logins } = await ask((context) => context.reject(['publickey', 'password']));
    expect(answer).toEqual({ kind: 'refused' });
    expect(logins).toEqual(['alice:publickey']);
  });

  it('asks for just the key that was given', async () => {
    let asked = '';
    await ask((context) => {
      if (context.method === 'publickey')
        asked = `${context.key.algo} ${context.key.data.toString('base64')}`;
      context.reject();
    });
    expect(asked).toBe(CLIENT_KEY.public);
  });

  it('stays open when sshd does not answer', async () => {
    const { answer } = await ask(() => undefined, { timeoutMs: 1_500 });
    expect(answer).toMatchObject({ kind: 'unknown', reason: 'AuthTimeout' });
  });

  it('is not put to a node with another host key, or before that is known', async () => {
    const other = await ask(undefined, { hostKey: createKeyPair().public });
    expect(other.answer).toMatchObject({ kind: 'unknown', reason: 'HostKeyChanged' });
    expect(other.logins).toEqual([]);
    await node?.stop();
    const unknown = await ask(undefined, { hostKey: null });
    expect(unknown.answer).toMatchObject({ kind: 'unknown', reason: 'ProbeFailed' });
    expect(unknown.logins).toEqual([]);
  });

  it('is not put about something that is no key', async () => {
    for (const key of ['', 'ssh-ed25519', 'nonsense', 'sk-ssh-ed25519@openssh.com AAAA']) {
      expect(parseQueryKey(key)).toBeNull();
    }
    expect((await ask(undefined, { key: 'ssh-ed25519 %%%' })).answer).toMatchObject({ kind: 'unknown' });
  });

  it.each([
    ['closes', (socket: Socket) => void socket.end(), 'ConnectionClosed'],
    ['resets', (socket: Socket) => void socket.resetAndDestroy(), 'ConnectionReset'],
  ])('stays open when the node %s', async (_name, onSocket, reason) => {
    node = await startTcp(onSocket);
    const target = createTarget(node.port, '/not/needed', HOST_KEY.public);
    const options = { timeoutMs: 50_000, signal: never };
    const answer = await query.isKeyAccepted(target, 'alice', CLIENT_KEY.public, options);
    expect(answer).toMatchObject({ kind: 'unknown', reason });
  });

  it('ends with the signal of its caller', async () => {
    const silent = await startTcp(() => undefined);
    node = silent;
    const controller = new AbortController();
    const answer = query.isKeyAccepted(
      createTarget(silent.port, '', HOST_KEY.public),
      'a',
      CLIENT_KEY.public,
      {
        timeoutMs: 600_000,
        signal: controller.signal,
      },
    );
    await expect.poll(() => silent.sockets.size).toBe(1);
    controller.abort();
    expect(await answer).toMatchObject({ kind: 'unknown', reason: 'ProbeFailed' });
  });
});
