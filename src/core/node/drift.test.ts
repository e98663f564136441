import { describe, expect, it } from 'vitest';
import type { Inspection } from '../model/inspection.ts';
import { NODE_STATES } from '../model/node-states.ts';
import type { Run, WorkOutcome } from '../model/work.ts';
import { aPlacement } from '../rows.fixture.ts';
import {
  anInspection,
  aRentedInspection,
  EXPECTED,
  SOUND_ACCOUNT,
  SOUND_KEY,
  STRANGER,
} from './drift.fixture.ts';
import { describeDrift, expectationOf, findDrift, isDrifted } from './drift.ts';

const account = (set: Partial<typeof SOUND_ACCOUNT>) => ({ accounts: [{ ...SOUND_ACCOUNT, ...set }] });
const key = (set: Partial<typeof SOUND_KEY>) => ({ keyFiles: [{ ...SOUND_KEY, ...set }] });

describe('a rented node', () => {
  it('has no drift when everything is as Orion made it', () => {
    const found = findDrift(aRentedInspection(), EXPECTED, []);
    expect(found).toEqual({ access: [], way: [], strays: [] });
    expect(isDrifted(found)).toBe(false);
  });

  const CHANGES: [string, Partial<Inspection>, 'access' | 'way' | 'strays', RegExp][] = [
    ['account removed', { accounts: [] }, 'access', /account rtest0001 is missing/],
    ['uid changed', account({ uid: 31_000, homeUid: 31_000 }), 'access', /has uid 31000/],
    ['group changed', account({ gid: 100 }), 'access', /has group 100/],
    ['home changed', account({ home: '/root' }), 'access', /has home \/root/],
    ['shell changed', account({ shell: '/bin/false' }), 'access', /has shell \/bin\/false/],
    ['locked', account({ isOpen: false }), 'access', /is locked/],
    ['made an administrator', account({ groups: 1 }), 'access', /member of other groups/],
    ['home removed', account({ homeUid: null }), 'access', /has no home/],
    ['home given away', account({ homeUid: 0 }), 'access', /home owned by another account/],
    ['key file removed', { keyFiles: [] }, 'access', /key file of rtest0001 is missing/],
    ['key file changed', key({ sha256: 'b'.repeat(64) }), 'access', /key file of rtest0001 was changed/],
    ['key file a link', key({ mode: '777', sha256: null }), 'access', /was changed/],
    ['key file writable', key({ mode: '666' }), 'access', /mode 666 and owner 0/],
    ['key file of the client', key({ uid: EXPECTED.uid }), 'access', /owner 20000/],
    ['group removed', { group: null }, 'way', /group orion is missing/],
    ['key directory opened', { isKeyDirectorySound: false }, 'way', /directory of the key files/],
    ['drop-in removed', { dropIn: 'missing' }, 'way', /drop-in is missing/],
    ['drop-in changed', { dropIn: 'changed' }, 'way', /drop-in was changed/],
    ['drop-in writable', { dropIn: 'open' }, 'way', /drop-in can be changed/],
    ['stray account', { accounts: [SOUND_ACCOUNT, STRANGER] }, 'strays', /account stranger with uid 31234/],
    [
      'stray key file',
      { keyFiles: [SOUND_KEY, { ...SOUND_KEY, name: 'rother001' }] },
      'strays',
      /key file rother001/,
    ],
    [
      "second name for the client's uid",
      { accounts: [SOUND_ACCOUNT, { ...SOUND_ACCOUNT, name: 'alias' }] },
      'strays',
      /account alias with uid 20000/,
    ],
  ];
  it.each(CHANGES)('shows one thing when it changed: %s', (_name, set, kind, text) => {
    const { access, way, strays } = findDrift(aRentedInspection(set), EXPECTED, []);
    expect({ access, way, strays }[kind]).toEqual([expect.stringMatching(text)]);
    expect(access.length + way.length + strays.length).toBe(1);
  });

  it('concludes nothing from what is not in a list that was cut', () => {
    const cut = aRentedInspection({ accounts: [STRANGER], keyFiles: [], isCut: true });
    expect(findDrift(cut, EXPECTED, [])).toMatchObject({
      access: [],
      strays: ['the account stranger with uid 31234'],
    });
  });
});

describe('a node without a client', () => {
  it('has an account that Orion itself is about to remove, which is no stray', () => {
    const residue = [aPlacement(1, 'a')];
    expect(findDrift(aRentedInspection(), null, residue).strays).toEqual([]);
    expect(findDrift(aRentedInspection(), null, []).strays).toHaveLength(2);
    const other = [aPlacement(1, 'a', { uid: 20_001 })];
    expect(findDrift(aRentedInspection({ keyFiles: [] }), null, other).strays).toHaveLength(1);
  });

  it('may have nobody on it', () => {
    expect(isDrifted(findDrift(anInspection(), null, []))).toBe(false);
    expect(isDrifted(findDrift(anInspection({ accounts: [STRANGER] }), null, []))).toBe(true);
  });
});

describe('a look is judged', () => {
  const live = aPlacement(1, 'a');
  const run: Run = { work: { kind: 'clean', prepare: false, residue: [] }, fence: 1, outcome: null };
  const judged = (placement: typeof live | null, of: Parameters<typeof expectationOf>[2] = null) =>
    Object.fromEntries(NODE_STATES.map((state) => [state, expectationOf({ state }, placement, of)]));

  it('only where Orion has finished what it does on the node', () => {
    expect(judged(live)).toEqual({
      unknown: 'unsettled',
      free: 'unsettled',
      provisioning: 'unsettled',
      allocated: 'live',
      cleaning: 'unsettled',
      quarantined: 'unsettled',
      dead: 'unsettled',
    });
    expect(judged(null)).toEqual({
      unknown: 'unsettled',
      free: 'nobody',
      provisioning: 'unsettled',
      allocated: 'unsettled',
      cleaning: 'nobody',
      quarantined: 'nobody',
      dead: 'unsettled',
    });
  });

  it('never while work runs, nor before its end was taken into account', () => {
    const done: WorkOutcome = { kind: 'done', fenceSeen: 1, uidSeen: 1, findings: [] };
    for (const outcome of [null, done]) {
      const all = [
        ...Object.values(judged(live, { ...run, outcome })),
        ...Object.values(judged(null, { ...run, outcome })),
      ];
      expect(new Set(all)).toEqual(new Set(['unsettled']));
    }
  });

  it('never before the account was made for the first time', () => {
    expect(expectationOf({ state: 'allocated' }, { ...live, appliedKey: null }, null)).toBe('unsettled');
  });
});

it('what was found is told in one bounded line', () => {
  expect(describeDrift(['a', 'b'])).toBe('a; b');
  expect(describeDrift(Array.from({ length: 64 }, (_, i) => `x${i}`))).toBe(
    'x0; x1; x2; x3; x4; and 59 more',
  );
});
