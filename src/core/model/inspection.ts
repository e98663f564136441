import { type Backoff, computeDelayMs } from '../text/backoff.ts';

/** What a look at the account files of a node saw. Every text in it is printable, bounded and the node's own. */
export interface Inspection {
  /** Accounts whose uid is in Orion's range. */
  accounts: InspectedAccount[];
  /** What lies in /etc/ssh/orion. */
  keyFiles: { name: string; mode: string; uid: number; gid: number; sha256: string | null }[];
  /** There were more than are listed, so that what is not listed may still be there. */
  isCut: boolean;
  /** The id of the group orion; null: there is none. */
  group: number | null;
  /** The shell that a new account gets on this node. */
  shell: string;
  /** /etc/ssh/orion is a directory that only root can change. */
  isKeyDirectorySound: boolean;
  /** The sshd drop-in against what prepare_node installs; `open`: others than root could change it. */
  dropIn: 'sound' | 'changed' | 'open' | 'missing';
}

export interface InspectedAccount {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
  /** No password, not locked, not expired: a login needs nothing but the key. */
  isOpen: boolean;
  /** Groups that list it as a member, beside its own. */
  groups: number;
  /** Owner of /home/NAME; null: there is none. */
  homeUid: number | null;
}

/**
 * What this leader remembers of looks at the files of one node, and of repairs there. Never stored, like Health:
 * a new leader looks for itself. All times are of the monotonic clock.
 */
export interface InspectionMemory {
  /** The last look that says something about now; null: none. */
  latest: Inspection | null;
  /** When work on the node last began or ended. */
  disturbedAtMs: number;
  /** Repairs with less than an hour between one and the next, and when the last one began. */
  repairs: number;
  repairedAtMs: number;
}

export const NEW_INSPECTION_MEMORY: InspectionMemory = {
  latest: null,
  disturbedAtMs: Number.NEGATIVE_INFINITY,
  repairs: 0,
  repairedAtMs: Number.NEGATIVE_INFINITY,
};

/** A node that somebody changes back each time is repaired ever more slowly, and forgiven after a calm hour. */
const REPAIR_BACKOFF: Backoff = { baseMs: 1_000, maxMs: 300_000 };
export const CALM_MS = 3_600_000;

/**
 * Takes a look into account, if it began after the last work on the node had begun and ended. An older one saw
 * the node before or in the middle of a change of Orion's own, such as a new account, and would take that for
 * somebody else's. `inspection` null: the node was looked at and gave no answer that can be believed.
 */
export function rememberInspection(
  memory: InspectionMemory,
  inspection: Inspection | null,
  startedAtMs: number,
): InspectionMemory {
  return startedAtMs > memory.disturbedAtMs ? { ...memory, latest: inspection } : memory;
}

/** Work on the node begins or ends: whatever was seen so far is no longer news. */
export function disturb(memory: InspectionMemory, nowMs: number): InspectionMemory {
  return { ...memory, latest: null, disturbedAtMs: nowMs };
}

/** A repair begins. */
export function countRepair(memory: InspectionMemory, nowMs: number): InspectionMemory {
  const repairs = nowMs - memory.repairedAtMs < CALM_MS ? memory.repairs + 1 : 1;
  return { ...memory, repairs, repairedAtMs: nowMs };
}

/** When the next repair may begin; the first one at once. */
export function nextRepairAtMs({ repairs, repairedAtMs }: InspectionMemory): number {
  return repairs === 0 ? repairedAtMs : repairedAtMs + computeDelayMs(repairs, REPAIR_BACKOFF, 0.5);
}
