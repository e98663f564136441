import { type Backoff, computeDelayMs } from '../text/backoff.ts';

/**
 * What an inspection of a node's account files saw. All text in it comes from the node; it is printable and bounded.
 */
export interface Inspection {
  /** Accounts whose uid is in Orion's range. */
  accounts: InspectedAccount[];
  /** The files in /etc/ssh/orion. */
  keyFiles: { name: string; mode: string; uid: number; gid: number; sha256: string | null }[];
  /** There was more than is listed, so whatever is not listed may still be there. */
  isCut: boolean;
  /** The id of the group orion; null: there is none. */
  group: number | null;
  /** The shell that a new account gets on this node. */
  shell: string;
  /** /etc/ssh/orion is a directory that only root can change. */
  isKeyDirectorySound: boolean;
  /** The sshd drop-in compared with what prepare_node installs; `open`: others than root could change it. */
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
  /** Number of groups that list it as a member, besides its own. */
  groups: number;
  /** Owner of /home/NAME; null: there is none. */
  homeUid: number | null;
}

/**
 * What this leader remembers of the inspections and repairs of one node. Like Health, it is never stored: a new
 * leader inspects for itself. All times are on the monotonic clock.
 */
export interface InspectionMemory {
  /** The last inspection that still holds; null: none. */
  latest: Inspection | null;
  /** When work on the node last began or ended. */
  disturbedAtMs: number;
  /** Consecutive repairs less than an hour apart, and when the last one began. */
  repairs: number;
  repairedAtMs: number;
}

export const NEW_INSPECTION_MEMORY: InspectionMemory = {
  latest: null,
  disturbedAtMs: Number.NEGATIVE_INFINITY,
  repairs: 0,
  repairedAtMs: Number.NEGATIVE_INFINITY,
};

/** A node that somebody keeps changing back is repaired ever more slowly, and forgiven after a calm hour. */
const REPAIR_BACKOFF: Backoff = { baseMs: 1_000, maxMs: 300_000 };
export const CALM_MS = 3_600_000;

/**
 * Takes an inspection into account if it began after the last work on the node had begun and ended. An older one saw
 * the node before or during a change of Orion's own, such as a new account, and would blame it on somebody else.
 * `inspection` null: the node was inspected and gave no credible answer.
 */
export function rememberInspection(
  memory: InspectionMemory,
  inspection: Inspection | null,
  startedAtMs: number,
): InspectionMemory {
  return startedAtMs > memory.disturbedAtMs ? { ...memory, latest: inspection } : memory;
}

/** Work on the node begins or ends: whatever was seen so far no longer holds. */
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
