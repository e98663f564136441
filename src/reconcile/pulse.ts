import type { Clock } from '../core/ports/clock.ts';

/**
 * Above every deadline within one turn, also when a database that hangs lets each statement of a pass run into its
 * own; below what a person would wait before he started the daemon again.
 */
const LIMIT_MS = 120_000;

/** Whether the reconciler still turns, leading or standing by. What a pass achieved doesn't matter here. */
export interface Pulse {
  beat(): void;
  /** False when there was no beat for too long; true before the first. */
  isBeating(): boolean;
}

export function createPulse(clock: Clock): Pulse {
  let beatAtMs: number | null = null;
  return {
    beat() {
      beatAtMs = clock.monotonicMs();
    },
    isBeating: () => beatAtMs === null || clock.monotonicMs() - beatAtMs <= LIMIT_MS,
  };
}
