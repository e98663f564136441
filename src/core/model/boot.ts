/**
 * Which start of a machine answers: `KERNEL/PID1`, the kernel's boot id and when the first process began, in ticks. A
 * container that is restarted keeps the first. A part that the machine does not show is `-`.
 */
export type BootId = string;

/** What this daemon has seen of a node's starts. A restart between two sessions shows only in the next one. */
export interface BootMemory {
  /** Null: no session has told it yet. */
  id: BootId | null;
  /** When this daemon first had an answer of this start. */
  seenAt: Date | null;
  /** The last answer of the start before it; null: this daemon has seen none. */
  silentSince: Date | null;
  answeredAt: Date | null;
}

export const NO_BOOT: BootMemory = { id: null, seenAt: null, silentSince: null, answeredAt: null };

/** The memory after one more good probe. */
export function rememberBoot(memory: BootMemory, id: BootId | null, at: Date): BootMemory {
  if (id === null || (memory.id !== null && !isOtherBoot(memory.id, id)))
    return { ...memory, id: id ?? memory.id, answeredAt: at };
  return { id, seenAt: at, silentSince: memory.answeredAt, answeredAt: at };
}

/** A part that one of them does not know says nothing. */
export function isOtherBoot(a: BootId, b: BootId): boolean {
  const other = b.split('/');
  return a.split('/').some((part, index) => part !== '-' && other[index] !== '-' && part !== other[index]);
}
