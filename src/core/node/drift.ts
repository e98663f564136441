import type { Inspection } from '../model/inspection.ts';
import type { NodeRecord } from '../model/node.ts';
import { isBeingCleaned, isLendable, STATES } from '../model/node-states.ts';
import type { Placement } from '../model/rental.ts';
import type { Run } from '../model/work.ts';

/** What was changed on a node by hand, in words for people. */
export interface Drift {
  /** In the live placement: its account and its key file. */
  access: string[];
  /** In the way in for all accounts: the group, the directory of the key files, the sshd drop-in. */
  way: string[];
  /** Accounts in Orion's uid range, and key files, that belong to nobody. */
  strays: string[];
}

/** Drift as a decision sees it. */
export interface DriftReport extends Drift {
  /** The number of the next repair in the current series, and when it may begin. */
  nth: number;
  repairAt: Date;
}

/** The account that should be on the node. */
export interface Expected {
  account: string;
  uid: number;
  /** Valid digests of the key file, for the access that the account was last given. */
  keyFileSha256: readonly string[];
}

type Owner = Pick<Placement, 'account' | 'uid'>;

/**
 * Can an inspection of the node be judged now, and against what? Only if Orion has finished its work there: while
 * work is running or about to begin, the node is not yet as it should be.
 */
export function expectationOf(
  { state }: Pick<NodeRecord, 'state'>,
  live: Placement | null,
  run: Run | null,
): 'nobody' | 'live' | 'unsettled' {
  if (run) return 'unsettled';
  if (STATES[state].work === 'keepAccess') return live && live.appliedKey !== null ? 'live' : 'unsettled';
  return !live && (isLendable(state) || isBeingCleaned(state)) ? 'nobody' : 'unsettled';
}

/** How the node differs from what should be on it. `residue`: ended placements, which cleaning removes anyway. */
export function findDrift(inspection: Inspection, expected: Expected | null, residue: Owner[]): Drift {
  return {
    access: expected ? [...accountDrift(inspection, expected), ...keyFileDrift(inspection, expected)] : [],
    way: wayDrift(inspection),
    strays: findStrays(inspection, expected, residue),
  };
}

export function isDrifted<T extends Drift>(drift: T | null): drift is T {
  return drift !== null && listDrift(drift).length > 0;
}

export function listDrift({ access, way, strays }: Drift): string[] {
  return [...access, ...way, ...strays.map((stray) => `${stray} belongs to nobody`)];
}

const MOST_SHOWN = 5;

/** One line, bounded. */
export function describeDrift(found: string[]): string {
  const more = found.length - MOST_SHOWN;
  return found.slice(0, MOST_SHOWN).join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function accountDrift({ accounts, isCut, group, shell }: Inspection, { account, uid }: Expected): string[] {
  const found = accounts.find(({ name }) => name === account);
  if (!found) return isCut ? [] : [`the account ${account} is missing`];
  const home = `/home/${account}`;
  const checks: [boolean, string][] = [
    [found.uid === uid, `has uid ${found.uid}`],
    [group === null || found.gid === group, `has group ${found.gid}`],
    [found.home === home, `has home ${found.home}`],
    [found.shell === shell, `has shell ${found.shell}`],
    [found.isOpen, 'is locked, has a password or has expired'],
    [found.groups === 0, 'is a member of other groups'],
    // A changed uid also leaves the home with another owner; that change is reported only once.
    [
      found.homeUid === uid || found.homeUid === found.uid,
      found.homeUid === null ? 'has no home' : 'has a home owned by another account',
    ],
  ];
  return checks.flatMap(([holds, what]) => (holds ? [] : [`the account ${account} ${what}`]));
}

function keyFileDrift({ keyFiles, isCut }: Inspection, { account, keyFileSha256 }: Expected): string[] {
  const found = keyFiles.find(({ name }) => name === account);
  if (!found) return isCut ? [] : [`the key file of ${account} is missing`];
  const { mode, uid, sha256 } = found;
  if (sha256 === null || !keyFileSha256.includes(sha256)) return [`the key file of ${account} was changed`];
  return mode === '644' && uid === 0 ? [] : [`the key file of ${account} has mode ${mode} and owner ${uid}`];
}

function wayDrift({ group, isKeyDirectorySound, dropIn }: Inspection): string[] {
  const words = {
    changed: 'was changed',
    open: 'can be changed by others than root',
    missing: 'is missing',
  };
  return [
    ...(group === null ? ['the group orion is missing'] : []),
    ...(isKeyDirectorySound ? [] : ['the directory of the key files is missing or was changed']),
    ...(dropIn === 'sound' ? [] : [`the sshd drop-in ${words[dropIn]}`]),
  ];
}

/** The live account's own name is never a stray, whatever was done to it. */
function findStrays(
  { accounts, keyFiles }: Inspection,
  expected: Expected | null,
  residue: Owner[],
): string[] {
  const names = new Set([...(expected ? [expected.account] : []), ...residue.map(({ account }) => account)]);
  const isOwned = (name: string, uid: number) =>
    name === expected?.account || residue.some((owner) => owner.account === name && owner.uid === uid);
  return [
    ...accounts
      .filter(({ name, uid }) => !isOwned(name, uid))
      .map(({ name, uid }) => `the account ${name} with uid ${uid}`),
    ...keyFiles.filter(({ name }) => !names.has(name)).map(({ name }) => `the key file ${name}`),
  ];
}
