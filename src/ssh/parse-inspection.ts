import type { InspectedAccount, Inspection } from '../core/model/inspection.ts';

const FIRST_LINE = 'orion-inspection 1';
export const LAST_LINE = 'orion-inspection-end';

/** The hash of the drop-in that prepare_node installs (ansible/library/orion_prepare.py); a test keeps them equal. */
export const DROP_IN_SHA256 = '564b7d9e1d41aa85942619256d6749fc51886ef085f6632882946c76cd9d704b';

const DIGEST = '([0-9a-f]{64})';
const ID = '(\\d{1,10})';
const MODE = '([0-7]{1,4})';
const GROUP = new RegExp(`^group:${ID}?$`);
const SHELL = /^shell:(\/bin\/(?:ba)?sh)$/;
const DIRECTORY = new RegExp(`^directory:(?:([a-z ]+):${MODE}:${ID}:${ID})?$`);
const DROP_IN = new RegExp(`^dropin:(?:([a-z ]+):${MODE}:${ID}:${ID})?:${DIGEST}$`);
const ACCOUNT = new RegExp(`^account:([^:]*):(\\d{5}):${ID}:([^:]*):([^:]*):([01]):(\\d{1,6}):${ID}?$`);
const ACCOUNTS = /^accounts:(\d{1,9})$/;
const KEY = new RegExp(`^key:([A-Za-z0-9_.?-]+):${MODE}:${ID}:${ID}:${DIGEST}?$`);
const KEYS = /^keys:(\d{1,9})$/;
const LONGEST_TEXT = 64;

/**
 * Parses the answer of the inspection script. Null when any line is not exactly as it should be, because half an
 * answer would look as if half of the accounts were gone. A login shell's profile may have printed something
 * before it.
 */
export function parseInspection(output: string): Inspection | null {
  const start = output.lastIndexOf(`${FIRST_LINE}\n`);
  if (start < 0) return null;
  const lines = output.slice(start).split('\n');
  if (lines.at(-1) !== '' || lines.at(-2) !== LAST_LINE) return null;
  const [group, shell, directory, dropIn] = [
    GROUP.exec(lines[1] ?? ''),
    SHELL.exec(lines[2] ?? ''),
    DIRECTORY.exec(lines[3] ?? ''),
    DROP_IN.exec(lines[4] ?? ''),
  ];
  const accounts = takeList(lines.slice(5, -2), ACCOUNT, ACCOUNTS);
  const keyFiles = accounts && takeList(accounts.rest, KEY, KEYS);
  if (!group || !shell?.[1] || !directory || !dropIn || !accounts || !keyFiles || keyFiles.rest.length > 0) {
    return null;
  }
  return {
    accounts: accounts.found.map(toAccount),
    keyFiles: keyFiles.found.map(([, name, mode, uid, gid, sha256]) => ({
      name: name as string,
      mode: mode as string,
      uid: Number(uid),
      gid: Number(gid),
      sha256: sha256 ?? null,
    })),
    isCut: accounts.isCut || keyFiles.isCut,
    group: group[1] === undefined ? null : Number(group[1]),
    shell: shell[1],
    isKeyDirectorySound: directory.slice(1).join(':') === 'directory:755:0:0',
    dropIn: judgeDropIn(dropIn),
  };
}

/** Lines of one kind, ended by their count. The script lists at most 64. */
function takeList(lines: string[], entry: RegExp, end: RegExp) {
  const found: RegExpExecArray[] = [];
  for (const [index, line] of lines.entries()) {
    const match = entry.exec(line);
    if (match) {
      found.push(match);
      continue;
    }
    const count = Number(end.exec(line)?.[1] ?? Number.NaN);
    if (!(count >= found.length)) return null;
    return { found, isCut: count > found.length, rest: lines.slice(index + 1) };
  }
  return null;
}

function toAccount([
  ,
  name,
  uid,
  gid,
  home,
  shell,
  isOpen,
  groups,
  homeUid,
]: RegExpExecArray): InspectedAccount {
  return {
    name: toPrintable(name),
    uid: Number(uid),
    gid: Number(gid),
    home: toPrintable(home),
    shell: toPrintable(shell),
    isOpen: isOpen === '1',
    groups: Number(groups),
    homeUid: homeUid === undefined ? null : Number(homeUid),
  };
}

function judgeDropIn([, kind, mode, uid, , sha256]: RegExpExecArray): Inspection['dropIn'] {
  if (kind === undefined || mode === undefined) return 'missing';
  if (kind !== 'regular file' || sha256 !== DROP_IN_SHA256) return 'changed';
  const isOthers = (Number.parseInt(mode, 8) & 0o022) !== 0;
  return isOthers || uid !== '0' ? 'open' : 'sound';
}

/** Leaves nothing that a terminal obeys, that reorders text, or that is long: people are shown these texts. */
function toPrintable(text = ''): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_TEXT);
}
