import { describe, expect, it } from 'vitest';
import type { Health } from '../health/health.ts';
import { aHealth, aNode, aNodeInputs, aPlacement, NOW } from '../rows.fixture.ts';
import { decideNode } from './decide.ts';
import type { NodeInputs } from './inputs.ts';

type Set = Parameters<typeof aNode>[1];

function decide(set: Set, more: Partial<NodeInputs> = {}) {
  return decideNode(aNodeInputs({ node: aNode('a', set), ...more }));
}

const offering = (verdict: Health['verdict']): Health => ({
  ...aHealth(verdict, 3),
  reason: 'HostKeyChanged',
  offeredHostKey: 'ssh-ed25519 NEW',
  offeredFingerprint: 'SHA256:new',
});
const residue = [aPlacement(1, 'a', { endedAt: NOW, endReason: 'Moved' })];

describe('a changed host key', () => {
  it('is shown by its fingerprint for as long as the node offers it', () => {
    const { record } = decide({}, { health: offering('alive') });
    expect(record).toMatchObject({ hostKey: aNode('a').record.hostKey, offeredFingerprint: 'SHA256:new' });
    const back = decide({ record: { offeredFingerprint: 'SHA256:new' } }).record;
    expect(back.offeredFingerprint).toBe(null);
  });

  it('is accepted when an operator named exactly this one, and the node is prepared and verified anew', () => {
    const trusting = { requests: { trustedFingerprint: 'SHA256:new' }, record: { state: 'dead' as const } };
    const decision = decide(trusting, { health: offering('dead') });
    expect(decision.record).toMatchObject({
      hostKey: 'ssh-ed25519 NEW',
      offeredFingerprint: null,
      preparedAt: null,
      verifiedAt: null,
    });
    expect(decision.events.map(({ type }) => type)).toContain('node.host_key_trusted');
    const other = { requests: { trustedFingerprint: 'SHA256:old' }, record: { state: 'dead' as const } };
    expect(decide(other, { health: offering('dead') }).record.hostKey).toBe(aNode('a').record.hostKey);
  });

  it('is accepted once: the last look at the old key says nothing more', () => {
    const trusted = {
      requests: { trustedFingerprint: 'SHA256:new' },
      record: { state: 'dead' as const, hostKey: 'ssh-ed25519 NEW', preparedAt: NOW, verifiedAt: NOW },
    };
    const decision = decide(trusted, { health: offering('dead') });
    expect(decision.record).toMatchObject({ offeredFingerprint: null, preparedAt: NOW });
    expect(decision.events).toEqual([]);
  });

  it('is never accepted against a pin of the inventory', () => {
    const pinned = {
      spec: { pinnedHostKey: 'ssh-ed25519 PIN' },
      requests: { trustedFingerprint: 'SHA256:new' },
    };
    expect(decide(pinned, { health: offering('dead') }).record.hostKey).toBe('ssh-ed25519 PIN');
  });

  it('keeps a node that never died from being lent before it is verified', () => {
    const suspect = decide({ requests: { trustedFingerprint: 'SHA256:new' } }, { health: offering('alive') });
    expect(suspect.record).toMatchObject({ state: 'free', preparedAt: null });
    const well = decide({ record: suspect.record });
    expect(well.record.state).toBe('cleaning');
    expect(well.start).toMatchObject({ kind: 'clean', prepare: true });
  });
});

describe('a request to clean', () => {
  it('verifies a free node again', () => {
    expect(decide({ requests: { cleanRequested: 1 } }).record).toMatchObject({
      state: 'cleaning',
      cleanSeen: 1,
    });
  });

  it('does not wait for the next try', () => {
    const later = new Date(NOW.getTime() + 60_000);
    const record = { state: 'cleaning' as const, attempt: 2, nextAttemptAt: later };
    expect(decide({ record }, { residue }).start).toBe(null);
    expect(decide({ record, requests: { cleanRequested: 1 } }, { residue }).start).toMatchObject({
      kind: 'clean',
    });
  });
});

describe('a node that left the inventory', () => {
  const retiring = { spec: { retiring: true } };
  it.each([
    ['free', {}, false],
    ['free, with a client', { live: aPlacement(4, 'a') }, false],
    ['cleaning', { residue }, false],
    ['dead', {}, true],
    ['dead', { residue }, false],
    ['dead, with a client', { live: aPlacement(4, 'a') }, false],
    ['quarantined', {}, false],
    ['unknown', {}, true],
  ] as const)('that is %s is dropped only when nothing can be left on it', (words, more, isRemoved) => {
    const state = words.split(',')[0] as 'free';
    const dead = state === ('dead' as string);
    const inputs = { ...more, health: aHealth(dead ? 'dead' : 'alive') } as Partial<NodeInputs>;
    if (state === ('unknown' as string)) inputs.health = aHealth('unknown');
    expect(decide({ ...retiring, record: { state } }, inputs).remove).toBe(isRemoved);
  });

  it('that died in quarantine stays, until it is given up', () => {
    const record = { state: 'dead' as const, quarantinedAt: NOW };
    const dead = { health: aHealth('dead') };
    expect(decide({ ...retiring, record }, dead).remove).toBe(false);
    const given = { ...retiring, requests: { forgetting: true } };
    expect(decide({ ...given, record }, { ...dead, residue }).remove).toBe(true);
    expect(decide({ ...given, record }, { ...dead, live: aPlacement(4, 'a') }).remove).toBe(false);
  });

  it('says what it waits for', () => {
    const live = aPlacement(4, 'a');
    const messageOf = (set: Set, more: Partial<NodeInputs>) =>
      decide({ ...retiring, ...set }, more).record.conditions.find(({ type }) => type === 'Schedulable')
        ?.message;
    expect(messageOf({ record: { state: 'allocated' } }, { live })).toContain('r_1 moves off it');
    expect(messageOf({ record: { state: 'dead' } }, { residue, health: aHealth('dead') })).toContain(
      'orion forget a',
    );
  });
});
