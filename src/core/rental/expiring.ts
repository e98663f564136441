import type { RentalDecision, RentalInputs } from './decision.ts';

/** So long before the end of its lease a client is told of it; the longest first. */
const TOLD_BEFORE_END_MS = [3_600_000, 600_000];

/**
 * Adds to the decision on a rental whose client has access whether he is to be told now that the end is near, and
 * when to look again. What was told counts for as long as no more time is left than then, so a renewal begins anew.
 */
export function tellOfEnd({ rental, now }: RentalInputs, decision: RentalDecision): RentalDecision {
  const { expiresAt } = decision;
  if (expiresAt === null) return decision;
  const leftMs = expiresAt.getTime() - now.getTime();
  const before = rental.record.toldBeforeEndMs;
  const told = before !== null && leftMs > before ? null : before;
  // A lease that never was longer has nothing to say when it begins: its client has just been told how long it is.
  const times = TOLD_BEFORE_END_MS.filter((ms) => ms < rental.spec.ttlMs && (told === null || ms < told));
  // Of several that are over at once, as after an outage, the last one says it all.
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
