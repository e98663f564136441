/**
 * Identifies one start of a machine: `KERNEL/PID1`, the kernel's boot id and the start time of the first process in
 * ticks. A restarted container keeps the first part. A part that the machine does not show is `-`.
 */
export type BootId = string;

/** What this daemon has seen of a node's starts. A restart between two SSH sessions shows only in the later one. */
export interface BootMemory {
  /** Null: no session has reported it yet. */
  id: BootId | null;
  /** When this daemon got its first answer from this start. */
  seenAt: Date | null;
  /** The last answer from the start before it; null: this daemon has seen none. */
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

/** A part that either of them does not know is ignored. */
export function isOtherBoot(a: BootId, b: BootId): boolean {
  const other = b.split('/');
  return a.split('/').some((part, index) => part !== '-' && other[index] !== '-' && part !== other[index]);
}
