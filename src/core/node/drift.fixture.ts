import type { Inspection } from '../model/inspection.ts';
import { FIRST_UID } from '../model/node.ts';
import { NOW } from '../rows.fixture.ts';
import type { DriftReport, Expected } from './drift.ts';

/** Parts of an inspection that finds the placement of `aPlacement` as Orion made it; each test changes one thing. */
export const EXPECTED: Expected = {
  account: 'rtest0001',
  uid: FIRST_UID,
  keyFileSha256: ['a'.repeat(64)],
};
export const SOUND_ACCOUNT: Inspection['accounts'][number] = {
  name: EXPECTED.account,
  uid: EXPECTED.uid,
  gid: 997,
  home: `/home/${EXPECTED.account}`,
  shell: '/bin/bash',
  isOpen: true,
  groups: 0,
  homeUid: EXPECTED.uid,
};
export const SOUND_KEY: Inspection['keyFiles'][number] = {
  name: EXPECTED.account,
  mode: '644',
  uid: 0,
  gid: 0,
  sha256: 'a'.repeat(64),
};
export const STRANGER = { ...SOUND_ACCOUNT, name: 'stranger', uid: 31_234 };

export function anInspection(set: Partial<Inspection> = {}): Inspection {
  return {
    accounts: [],
    keyFiles: [],
    isCut: false,
    group: 997,
    shell: '/bin/bash',
    isKeyDirectorySound: true,
    dropIn: 'sound',
    ...set,
  };
}

/** The inspection of a node with a client on it. */
export function aRentedInspection(set: Partial<Inspection> = {}): Inspection {
  return anInspection({ accounts: [SOUND_ACCOUNT], keyFiles: [SOUND_KEY], ...set });
}

export function aReport(set: Partial<DriftReport> = {}): DriftReport {
  return { access: [], way: [], strays: [], nth: 1, repairAt: NOW, ...set };
}
