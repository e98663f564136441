import type { Policy } from './policy.ts';
import type { Rental } from './rental.ts';

/** What an account on a node is given: who may log in, and until when. */
export interface Access {
  publicKey: string;
  /** A whole second: that is what sshd's `expiry-time` can say. */
  expiresAt: Date;
}

type Leased = Pick<Rental, 'placements' | 'renewedAt' | 'spec'>;

/**
 * The end of the lease. It counts from the last renewal, or else from when access was first confirmed anywhere; null
 * before that.
 */
export function computeExpiry({ placements, renewedAt, spec }: Leased): Date | null {
  const readyTimes = placements.flatMap(({ readyAt }) => (readyAt ? [readyAt.getTime()] : []));
  if (readyTimes.length === 0) return null;
  const startsAt = Math.max(renewedAt?.getTime() ?? 0, Math.min(...readyTimes));
  return new Date(startsAt + spec.ttlMs);
}

/** What the account of a rental is to be given now. */
export function accessOf(rental: Leased, policy: Pick<Policy, 'provision'>, now: Date): Access {
  const end = computeExpiry(rental) ?? latestEnd(rental, policy, now);
  // Up to the next second: nobody is shut out before his time.
  const expiresAt = new Date(Math.ceil(end.getTime() / 1_000) * 1_000);
  return { publicKey: rental.spec.sshPublicKey, expiresAt };
}

/** Runs wait for each other before their own time begins, so a short deadline alone would be too short a bound. */
const LEAST_ALLOWANCE_MS = 10 * 60_000;

/**
 * The lease counts from when the account is ready, which nobody knows while it is made. So the node first gets an end
 * that is not too early whenever that is, and the true one as soon as access was confirmed.
 */
function latestEnd({ renewedAt, spec }: Leased, { provision }: Pick<Policy, 'provision'>, now: Date): Date {
  const startsAt = Math.max(renewedAt?.getTime() ?? 0, now.getTime());
  return new Date(startsAt + Math.max(provision.timeoutMs, LEAST_ALLOWANCE_MS) + spec.ttlMs);
}

/** Has the account been given exactly this? */
export function isGiven(
  given: { appliedKey: string | null; appliedExpiresAt: Date | null },
  { publicKey, expiresAt }: Access,
): boolean {
  return given.appliedKey === publicKey && given.appliedExpiresAt?.getTime() === expiresAt.getTime();
}
