import type { Policy } from '../model/policy.ts';

/** How much of the fleet is unhealthy, counted at one moment. A node that was never verified counts nowhere. */
export interface FleetHealth {
  total: number;
  /** Suspect or dead. */
  unhealthy: number;
  /** Seem well, but nobody has looked at them since the latest of the dead began to fail. */
  unseen: number;
  /** Judged dead, and not yet once more since the breaker told to look at them anew. */
  unconfirmed: number;
}

export interface Breaker {
  open: boolean;
  /** Since when the fleet has been well again while the breaker is open (monotonic). */
  recoveredSinceMs: number | null;
  /**
   * Since when those that are still dead are looked at anew, with all their times reset: before it closes it is known
   * whether they are, so that nobody is moved from a node that is just coming back with the others.
   */
  confirmingSinceMs: number | null;
  message: string;
}

export const CLOSED_BREAKER: Breaker = {
  open: false,
  recoveredSinceMs: null,
  confirmingSinceMs: null,
  message: '',
};

/**
 * Held, because too few nodes were looked at to tell one death from the death of all: by a daemon that has just
 * begun to lead, or by one whose other nodes had their last look before the dead one began to fail.
 */
export const UNSEEN_BREAKER: Breaker = {
  open: true,
  recoveredSinceMs: null,
  confirmingSinceMs: null,
  message: 'the other nodes have not been probed since the last failure',
};

/** By when a node that is looked at anew has shown what it is; one that is neither dead nor well holds up nobody else. */
export function confirmWithinMs({
  failures,
  timeoutMs,
  deadAfterMs,
  healthyDelayMs,
}: Policy['probe']): number {
  return deadAfterMs + (failures + 1) * timeoutMs + Math.max(healthyDelayMs, 0);
}

/**
 * "All dead means it is me": while more of the fleet is unhealthy than single failures explain, the fault is
 * more likely on the control plane's side, and moving everybody would do the damage. It closes only when the
 * fleet has been well for `cooldown`.
 */
export function computeBreaker(
  breaker: Breaker,
  fleet: FleetHealth,
  { migrate: { breaker: policy }, probe }: Pick<Policy, 'migrate' | 'probe'>,
  nowMs: number,
): Breaker {
  const { total, unhealthy, unseen, unconfirmed } = fleet;
  if (isMassFailure(total, unhealthy, policy)) {
    const percent = Math.round((100 * unhealthy) / total);
    const message = `${unhealthy} of ${total} nodes (${percent} %) are unhealthy; the limit is ${policy.unhealthyPercent} %`;
    return { open: true, recoveredSinceMs: null, confirmingSinceMs: null, message };
  }
  if (breaker.open && breaker !== UNSEEN_BREAKER) {
    const recoveredSinceMs = breaker.recoveredSinceMs ?? nowMs;
    if (nowMs - recoveredSinceMs < policy.cooldownMs)
      return { ...breaker, recoveredSinceMs, confirmingSinceMs: null };
    const { confirmingSinceMs } = breaker;
    if (confirmingSinceMs === null && unhealthy > 0)
      return { ...breaker, recoveredSinceMs, confirmingSinceMs: nowMs };
    const isOver = nowMs - (confirmingSinceMs ?? nowMs) >= confirmWithinMs(probe);
    if (unconfirmed > 0 && !isOver) return breaker;
  }
  return isMassFailure(total, unhealthy + unseen, policy) ? UNSEEN_BREAKER : CLOSED_BREAKER;
}

function isMassFailure(total: number, unhealthy: number, policy: Policy['migrate']['breaker']): boolean {
  if (total === 0) return false;
  // One silent node of a fleet of one is no sign about the control plane; two of two are.
  const allSilent = total > 1 && unhealthy === total;
  const overShare = unhealthy * 100 > policy.unhealthyPercent * total;
  return allSilent || (unhealthy >= policy.minNodes && overShare);
}
