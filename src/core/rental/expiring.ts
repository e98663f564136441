import type { RentalDecision, RentalInputs } from './decision.ts';

/** Lead times of the expiry notices, longest first. */
const TOLD_BEFORE_END_MS = [3_600_000, 600_000];

/**
 * Adds to the decision the expiry notice that is due, and the time of the next one. Called for rentals whose client
 * got access. A notice counts as sent only while no more than its lead time is left, so a renewal starts over.
 */
export function tellOfEnd({ rental, now }: RentalInputs, decision: RentalDecision): RentalDecision {
  const { expiresAt } = decision;
  if (expiresAt === null) return decision;
  const leftMs = expiresAt.getTime() - now.getTime();
  const before = rental.record.toldBeforeEndMs;
  const told = before !== null && leftMs > before ? null : before;
  // A lease no longer than a lead time gets no notice for it: its client has just learned how long the lease is.
  const times = TOLD_BEFORE_END_MS.filter((ms) => ms < rental.spec.ttlMs && (told === null || ms < told));
  // When several are due at once, as after an outage, the last one is enough.
  const isOver = times.findLast((ms) => leftMs <= ms);
  const next = times.find((ms) => ms < leftMs);
  const nextAt = next === undefined ? null : new Date(expiresAt.getTime() - next);
  return {
    ...decision,
    toldBeforeEndMs: isOver ?? told,
    expiring: isOver === undefined ? null : { message: `the lease ends at ${expiresAt.toISOString()}` },
    nextDueAt: earliest(decision.nextDueAt, nextAt),
  };
}

function earliest(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
