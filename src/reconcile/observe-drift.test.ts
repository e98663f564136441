import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Inspection, type InspectionMemory, NEW_INSPECTION_MEMORY } from '../core/model/inspection.ts';
import type { NodeRecord } from '../core/model/node.ts';
import type { Placement } from '../core/model/rental.ts';
import { anInspection, aRentedInspection, SOUND_KEY, STRANGER } from '../core/node/drift.fixture.ts';
import { aNode, aPlacement, KEY, NOW } from '../core/rows.fixture.ts';
import { isSeenDrifted, observeDrift } from './observe-drift.ts';

/** The drift found on node `a`, one second after the leader's clock began. */
function observe(
  latest: Inspection | null,
  record: Partial<NodeRecord>,
  live: Placement | null = null,
  memory: Partial<InspectionMemory> = {},
) {
  const context = {
    watcher: { inspection: () => ({ ...NEW_INSPECTION_MEMORY, ...memory, latest }) },
    fleet: { residue: () => [] },
    clock: { now: () => NOW, monotonicMs: () => 1_000 },
  };
  return observeDrift(aNode('a', { record }), live, null, context as never);
}

it('a rented node is compared with its placement, the key by the file that orion_account writes', () => {
  const look = (options: string) => {
    const sha256 = createHash('sha256').update(`restrict,pty${options} ${KEY}\n`).digest('hex');
    return aRentedInspection({ keyFiles: [{ ...SOUND_KEY, sha256 }] });
  };
  const sound = look(',expiry-time="20260504130000Z"');
  const live = aPlacement(1, 'a');
  const none = { access: [], way: [], strays: [] };
  expect(observe(sound, { state: 'allocated' }, live)).toMatchObject(none);
  // From an sshd before 9.1, whose times are in the node's own time zone.
  expect(observe(look(',expiry-time="local"'), { state: 'allocated' }, live)).toMatchObject(none);
  for (const changed of [',expiry-time="20260504130001Z"', '']) {
    expect(observe(look(changed), { state: 'allocated' }, live)?.access).toHaveLength(1);
  }
  const endless = { ...live, appliedExpiresAt: null };
  expect(observe(look(''), { state: 'allocated' }, endless)).toMatchObject(none);
  const other = { ...live, appliedKey: 'ssh-ed25519 BBBB' };
  expect(observe(sound, { state: 'allocated' }, other)?.access).toEqual([
    'the key file of rtest0001 was changed',
  ]);
});

it('nothing is known of a node that was not looked at, or is not settled', () => {
  expect(observe(null, { state: 'free' })).toBeNull();
  expect(observe(anInspection(), { state: 'provisioning' }, aPlacement(1, 'a'))).toBeNull();
});

it('a repair may begin at once, and after another one when its wait is over', () => {
  expect(observe(anInspection(), { state: 'free' })).toMatchObject({ nth: 1, repairAt: NOW });
  const repaired = observe(anInspection(), { state: 'free' }, null, { repairs: 2, repairedAtMs: 500 });
  expect(repaired).toMatchObject({ nth: 3, repairAt: new Date(NOW.getTime() + 1_500) });
});

it('accounts that a machine brought along are no strays, with or without a client on it', () => {
  const latest = aRentedInspection();
  const withStranger = { ...latest, accounts: [...latest.accounts, STRANGER] };
  for (const preparedAt of [NOW, null]) {
    const rented = observe(withStranger, { state: 'allocated', preparedAt }, aPlacement(1, 'a'));
    const cleaning = observe(withStranger, { state: 'cleaning', preparedAt });
    expect([rented?.strays.length, cleaning?.strays.length]).toEqual(preparedAt ? [1, 3] : [0, 0]);
  }
});

it('a free node that was seen changed is known before anything was decided about it', () => {
  const seen = (latest: Inspection | null, state: NodeRecord['state'] = 'free') =>
    isSeenDrifted(aNode('a', { record: { state } }), {
      watcher: { inspection: () => ({ ...NEW_INSPECTION_MEMORY, latest }) },
    } as never);
  expect(seen(anInspection({ accounts: [STRANGER] }))).toBe(true);
  expect(seen(anInspection({ dropIn: 'missing' }))).toBe(true);
  expect(seen(anInspection())).toBe(false);
  expect(seen(null)).toBe(false);
  expect(seen(aRentedInspection(), 'allocated')).toBe(false);
});
