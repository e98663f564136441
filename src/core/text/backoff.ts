/** Doubling delays with a ceiling. */
export interface Backoff {
  baseMs: number;
  maxMs: number;
}

/** Retries of cleaning and of repairs on one node. */
export const NODE_BACKOFF: Backoff = { baseMs: 5_000, maxMs: 300_000 };
/** Retries of a rental whose account could not be made on any of the nodes that were tried. */
export const RENTAL_BACKOFF: Backoff = { baseMs: 60_000, maxMs: 900_000 };
/** Before a rental is tried again on a node where it failed; another node is tried at once. */
export const SAME_NODE_BACKOFF: Backoff = { baseMs: 60_000, maxMs: 900_000 };
/** How often a quarantined node is cleaned again, in case what was in the way is gone. */
export const QUARANTINE_RETRY_MS = 1_800_000;

/**
 * The delay before try `attempt + 1`, where `attempt` (from 1) has failed: base, 2 base, 4 base … up to the
 * ceiling, spread by `jitter` (0 to 1, from the caller, since this is pure) over ±20 % so that nodes which
 * failed together do not return together.
 */
export function computeDelayMs(attempt: number, backoff: Backoff, jitter: number): number {
  const doubled = backoff.baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30);
  return Math.round(Math.min(doubled, backoff.maxMs) * (0.8 + 0.4 * jitter));
}

/** Before work is done again that the control plane could not do for a fault of its own. */
export const OWN_FAULT_PAUSE_MS = 10_000;
