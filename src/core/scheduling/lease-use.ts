/** How much of its lease a client made use of: 1 is all of it, 0.5 that it gave its machine back half-way. */
export type LeaseUse = number;

/** With fewer than these the history says nothing. */
const ENOUGH = 10;
/** Shares are given in steps, so that one more release does not change what all others are told. */
const STEP = 0.05;

/**
 * When leases end, as shares of the lease, in rising order: half of the clients have left at the first; of those that
 * are still there then half at the second, and so on; all at the last, which is 1. Without a history: only 1.
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
 * When a lease may be expected to be over: the first of the typical ends that is still to come. `now` when even its
 * last moment is past. It changes only when one of those moments passes.
 */
export function expectEnd(startMs: number, endMs: number, ends: number[], nowMs: number): number {
  const times = ends.map((share) => startMs + share * (endMs - startMs));
  return times.find((atMs) => atMs > nowMs) ?? nowMs;
}
