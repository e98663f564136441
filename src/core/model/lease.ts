import type { Rental } from './rental.ts';

/** What an account on a node is given: who may log in, and until when. */
export interface Access {
  publicKey: string;
  /** A whole second, the resolution of sshd's `expiry-time`. */
  expiresAt: Date;
}

type Leased = Pick<Rental, 'placements' | 'renewedAt' | 'spec'>;

/**
 * The end of the lease, a whole second; null before access was confirmed anywhere. A renewal sets it to the ttl from
 * then. Before any renewal it is the end that the node was given ahead of the confirmation, if that leaves the
 * client the full ttl and at most the allowance on top. Otherwise it is the ttl from the confirmation, and the node
 * is given that.
 */
export function computeExpiry({ placements, renewedAt, spec }: Leased): Date | null {
  const first = placements.find(({ readyAt }) => readyAt !== null);
  if (!first?.readyAt) return null;
  if (renewedAt !== null && renewedAt > first.readyAt) return toWholeSecond(renewedAt.getTime() + spec.ttlMs);
  const earliestMs = first.readyAt.getTime() + spec.ttlMs;
  const latestMs = earliestMs + computeAllowanceMs(spec.ttlMs) + 1_000;
  const givenMs = first.appliedExpiresAt?.getTime() ?? 0;
  return toWholeSecond(givenMs >= earliestMs && givenMs <= latestMs ? givenMs : earliestMs);
}

/** What the account of a rental should be given now. */
export function accessOf(rental: Leased, now: Date): Access {
  const { ttlMs, sshPublicKey } = rental.spec;
  const expiresAt = computeExpiry(rental) ?? toWholeSecond(now.getTime() + ttlMs + computeAllowanceMs(ttlMs));
  return { publicKey: sshPublicKey, expiresAt };
}

/** Has the account been given exactly this? */
export function isGiven(
  given: { appliedKey: string | null; appliedExpiresAt: Date | null },
  { publicKey, expiresAt }: Access,
): boolean {
  return given.appliedKey === publicKey && given.appliedExpiresAt?.getTime() === expiresAt.getTime();
}

const LONGEST_ALLOWANCE_MS = 60_000;

/**
 * How long making an account may take at no cost to its client. A lease counts from confirmed access, but the node
 * is given the end before that. That end includes this allowance, so that the node need not be given another one.
 */
export function computeAllowanceMs(ttlMs: number): number {
  return Math.min(ttlMs / 10, LONGEST_ALLOWANCE_MS);
}

/** Rounds up, so that nobody is shut out early. */
function toWholeSecond(ms: number): Date {
  return new Date(Math.ceil(ms / 1_000) * 1_000);
}
