import { describe, expect, it } from 'vitest';
import { createKeyPair } from './node.fixture.ts';
import {
  HOST_KEY,
  OTHER_KEY,
  PATIENT,
  prober,
  reasonOf,
  ssh,
  targetOf,
  useProber,
} from './prober.fixture.ts';

useProber();

describe.each(['held', 'fresh'] as const)('who a %s probe talks to', (depth) => {
  it('reports the host key of a node that answers', async () => {
    const result = await prober.probe(targetOf(await ssh(), null), { ...PATIENT, depth });
    expect(result).toMatchObject({ ok: true, hostKey: HOST_KEY.public });
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

  it('takes no key at first sight that another node is known to have', async () => {
    const node = await ssh({ hostKey: OTHER_KEY });
    const result = await prober.probe(targetOf(node, null), { ...PATIENT, depth });
    expect(result).toMatchObject({ reason: 'HostKeyOfOtherNode', offeredHostKey: OTHER_KEY.public });
    expect(result.ok ? '' : result.message).toContain('it is n2 that answers');
    expect(node.logins).toEqual([]);
  });

  it('gives one machine with two names to one of them, also when both are new', async () => {
    const node = await ssh();
    const names = ['a', 'b'];
    const probe = (name: string, hostKey: string | null = null) =>
      prober.probe({ ...targetOf(node, hostKey), name }, { ...PATIENT, depth });
    const results = await Promise.all(names.map((name) => probe(name)));
    expect(results.map(reasonOf).toSorted()).toEqual(['HostKeyOfOtherNode', 'ok']);
    expect(node.sessions).toHaveLength(1);
    const winner = names[results.findIndex(({ ok }) => ok)] as string;
    const loser = names.find((name) => name !== winner) as string;
    expect(reasonOf(await probe(winner))).toBe('ok');
    prober.forget(winner);
    expect(reasonOf(await probe(loser))).toBe('ok');
  });

  it('tries one login, with the control key alone', async () => {
    const node = await ssh({ auth: (context) => context.reject(['publickey', 'password']) });
    const result = await prober.probe(targetOf(node), { ...PATIENT, depth });
    expect(result).toMatchObject({ reason: 'AuthRefused', evidence: 'strong' });
    expect(node.logins).toEqual(['root:publickey']);
  });
});
