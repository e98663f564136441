import { isFailure } from '../failure/remedy.ts';
import type { Policy } from '../model/policy.ts';
import type { Rental } from '../model/rental.ts';
import { computeDelayMs, RENTAL_BACKOFF } from '../text/backoff.ts';
import type { RentalDecision, RentalInputs } from './decision.ts';
import { isPardoned, suspect } from './suspicion.ts';

/** The rental has no node: it gets one, waits for one, or is turned away. */
export function decidePending(
  { rental, choose, place, policy, now }: RentalInputs,
  base: RentalDecision,
): RentalDecision {
  const suspicion = suspect(rental, policy, now);
  const pending: RentalDecision = { ...base, phase: 'Pending', observes: suspicion === null };
  if (suspicion && !isPardoned(rental)) {
    const { reason, message, until } = suspicion;
    return { ...pending, reason, message, nextDueAt: until, event: 'rental.waiting' };
  }
  const retryAt = retryTime(rental);
  if (retryAt && retryAt > now) {
    const message = `${describeFailed(rental)}; tried again at ${retryAt.toISOString()}`;
    return { ...pending, reason: 'ProvisionFailed', message, nextDueAt: retryAt };
  }
  const choice = choose();
  if (choice.kind === 'node') {
    const message = `the account is being made on ${choice.node.spec.name}`;
    return {
      ...base,
      change: { kind: 'bind', role: 'serving', node: choice.node },
      phase: 'Provisioning',
      reason: 'Provisioning',
      message,
      event: 'rental.placed',
    };
  }
  const message =
    choice.reason === 'Unsatisfiable'
      ? 'no node of the fleet can ever match the selector'
      : `no healthy free node matches now${isFailure(lastEndReason(rental)) ? `; ${describeFailed(rental)}` : ''}`;
  // A new leader has not probed its nodes yet. That is no reason to turn a client away.
  if (rental.spec.whenFull === 'reject' && !choice.undecided) {
    const reason = choice.reason === 'Unsatisfiable' ? 'Unsatisfiable' : 'Rejected';
    return {
      ...base,
      phase: 'Failed',
      reason,
      message,
      ended: true,
      event: 'rental.failed',
      nextDueAt: null,
    };
  }
  return {
    ...pending,
    reason: choice.reason,
    message,
    place: choice.reason === 'Unsatisfiable' ? null : place,
    event: 'rental.waiting',
  };
}

/** The rental would take no node now, whichever are free, so it has no place in the queue. */
export function isHeldBack(rental: Rental, policy: Policy, now: Date): boolean {
  if (suspect(rental, policy, now) !== null && !isPardoned(rental)) return true;
  const retryAt = retryTime(rental);
  return retryAt !== null && retryAt > now;
}

function lastEndReason({ placements }: Rental): string | null {
  return placements.at(-1)?.endReason ?? null;
}

function describeFailed({ placements }: Rental): string {
  const failed = placements.findLast(({ endReason }) => isFailure(endReason));
  return `the account could not be made on ${failed?.node} (${failed?.endReason})`;
}

/** After two failed placements a rental pauses before each new one, longer each time: the fault may be its own. */
function retryTime(rental: Rental): Date | null {
  const failed = rental.placements.filter(({ endReason }) => isFailure(endReason));
  const last = failed.at(-1)?.endedAt;
  if (failed.length < 2 || !last) return null;
  // Fixed jitter: the client is shown this time, so every pass has to compute the same one.
  return new Date(last.getTime() + computeDelayMs(failed.length - 1, RENTAL_BACKOFF, 0.5));
}
