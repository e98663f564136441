import type { Rental } from './rental.ts';

/** What an account on a node is given: who may log in, and until when. */
export interface Access {
  publicKey: string;
  /** A whole second: that is what sshd's `expiry-time` can say. */
  expiresAt: Date;
}

type Leased = Pick<Rental, 'placements' | 'renewedAt' | 'spec'>;

/**
 * The end of the lease, a whole second; null before access was confirmed anywhere. A renewal sets it to the ttl from
 * then. Until the first one it is what the node was told before access was confirmed, if that leaves the client his ttl
 * and no more than the allowance on top; otherwise the ttl from that moment, which the node is then told.
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

/** What the account of a rental is to be given now. */
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
 * What making an account may take without its client losing by it. A lease counts from when access is confirmed, and
 * the node is told its end before that, so the end that it is told leaves so much room; then one run does for both.
 */
export function computeAllowanceMs(ttlMs: number): number {
  return Math.min(ttlMs / 10, LONGEST_ALLOWANCE_MS);
}

/** Up to the next one: nobody is shut out before his time. */
function toWholeSecond(ms: number): Date {
  return new Date(Math.ceil(ms / 1_000) * 1_000);
}
