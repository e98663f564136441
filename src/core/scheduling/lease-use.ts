/** The share of its lease that a client used: 1 is all of it, 0.5 that the machine was given back halfway. */
export type LeaseUse = number;

/** With fewer ended leases than this the history says nothing. */
const ENOUGH = 10;
/** Shares are rounded to this step, so that one more release does not change everybody's estimate. */
const STEP = 0.05;

/**
 * When leases typically end, as ascending shares of the lease. Half of the clients have left at the first, half of
 * the rest at the second, and so on; all at the last, which is 1. Without a history: only 1.
 */
export function typicalEnds(uses: LeaseUse[]): number[] {
  if (uses.length < ENOUGH) return [1];
  const sorted = uses.toSorted((a, b) => a - b);
  const shares = [0.5, 0.75, 0.875].map((part) => {
    const use = sorted[Math.min(Math.ceil(sorted.length * part), sorted.length) - 1] as number;
    return Math.min(1, Math.round(use / STEP) * STEP);
  });
  return [...new Set([...shares, 1])];
}

/**
 * When a lease is expected to end: at the first of the typical ends that is still to come, or `nowMs` when even the
 * last is past. It changes only when one of them passes.
 */
export function expectEnd(startMs: number, endMs: number, ends: number[], nowMs: number): number {
  const times = ends.map((share) => startMs + share * (endMs - startMs));
  return times.find((atMs) => atMs > nowMs) ?? nowMs;
}
