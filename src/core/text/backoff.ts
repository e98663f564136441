/** Doubling delays with a ceiling. */
export interface Backoff {
  baseMs: number;
  maxMs: number;
}

/** Retries of work on one node: cleaning, and making or changing an account. */
export const NODE_BACKOFF: Backoff = { baseMs: 5_000, maxMs: 300_000 };
/** Retries of a rental whose account could not be made on any of the nodes that were tried. */
export const RENTAL_BACKOFF: Backoff = { baseMs: 60_000, maxMs: 900_000 };
/** Delay before a rental is retried on a node where it failed; another node is tried at once. */
export const SAME_NODE_BACKOFF: Backoff = { baseMs: 60_000, maxMs: 900_000 };
/** How often a quarantined node is cleaned again, in case the obstacle is gone. */
export const QUARANTINE_RETRY_MS = 1_800_000;

/**
 * The delay after attempt number `attempt` (from 1) has failed: base, 2 base, 4 base … up to the ceiling. `jitter`
 * (0 to 1, from the caller, since this is pure) spreads it over ±20 %, so that nodes which failed together do not
 * return together.
 */
export function computeDelayMs(attempt: number, backoff: Backoff, jitter: number): number {
  const doubled = backoff.baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30);
  return Math.round(Math.min(doubled, backoff.maxMs) * (0.8 + 0.4 * jitter));
}

/** Delay before work is repeated that failed through the control plane's own fault. */
export const OWN_FAULT_PAUSE_MS = 10_000;
