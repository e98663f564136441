import { expect, test } from 'vitest';
import { decideNode } from '../core/node/decide.ts';
import { aHealth, aNode, aNodeInputs } from '../core/rows.fixture.ts';
import { whyNotNow } from '../core/scheduling/placement.ts';
import { computeFingerprint } from '../ssh/host-key.ts';
import { createSharedKeys } from './shared-keys.ts';

const BLOB = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(36, 7)]);
const KEY = `ssh-ed25519 ${BLOB.toString('base64')}`;
const hostile = aNode('hostile', { record: { hostKey: KEY } });
const refused = (name: string) =>
  aNode(name, {
    record: {
      hostKey: null,
      state: 'unknown',
      offeredFingerprint: computeFingerprint(BLOB),
      conditions: [
        {
          type: 'Reachable',
          status: 'False',
          reason: 'HostKeyOfOtherNode',
          message: '',
          lastTransitionTime: '',
        },
      ],
    },
  });

test('who shows the key on record for another keeps that one from being lent, too, until a pin decides', () => {
  const keys = createSharedKeys();
  keys.note(hostile);
  expect(keys.rivalOf(hostile)).toBe(null);
  keys.note(refused('real'));
  expect(keys.rivalOf(hostile)).toBe('real');
  const health = aHealth('alive');
  expect(whyNotNow({ node: hostile, health, occupied: false, keyShared: true })).toBe('HostKeyShared');
  const { record } = decideNode(aNodeInputs({ node: hostile, health, rival: 'real' }));
  expect(record.conditions).toContainEqual(
    expect.objectContaining({ type: 'Schedulable', status: 'False', reason: 'HostKeyShared' }),
  );

  // Pinned where it belongs, it is that one's; the other stays out, though it no longer is refused.
  const pinned = aNode('real', { spec: { pinnedHostKey: KEY }, record: { hostKey: KEY } });
  keys.note(pinned);
  expect([keys.rivalOf(pinned), keys.rivalOf(hostile)]).toEqual([null, 'real']);
  keys.forget('real');
  expect(keys.rivalOf(hostile)).toBe(null);
});

test('a hostile newcomer does not get at a node whose key is pinned', () => {
  const keys = createSharedKeys();
  const pinned = aNode('real', { spec: { pinnedHostKey: KEY }, record: { hostKey: KEY } });
  keys.note(pinned);
  keys.note(refused('newcomer'));
  expect(keys.rivalOf(pinned)).toBe(null);
});
