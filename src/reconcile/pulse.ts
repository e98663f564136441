import type { Clock } from '../core/ports/clock.ts';

/**
 * Longer than one turn can take, even when a hanging database makes each statement of a pass time out. Shorter than
 * a person would wait before restarting the daemon.
 */
const LIMIT_MS = 120_000;

/** Shows whether the reconciler still turns, leading or standing by. The result of a pass doesn't matter here. */
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
