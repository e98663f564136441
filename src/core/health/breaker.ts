import type { Policy } from '../model/policy.ts';

/** How much of the fleet is unhealthy, counted at one moment. A node that was never verified does not count. */
export interface FleetHealth {
  total: number;
  /** Suspect or dead. */
  unhealthy: number;
  /** Seem well, but have not been probed since `confirmingSinceMs` of the latest death. */
  unseen: number;
  /** Judged dead, but not yet confirmed since the breaker had them judged afresh. */
  unconfirmed: number;
}

export interface Breaker {
  open: boolean;
  /** Since when the fleet has been well again while the breaker is open (monotonic). */
  recoveredSinceMs: number | null;
  /**
   * When the nodes that still fail began to be judged afresh, after `cooldown` without a mass failure. The breaker
   * waits for the result before it closes, so that no rental is moved off a node that is just coming back with the
   * others.
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
 * Open because too few nodes have been probed to tell one death from the death of all. The daemon has just begun to
 * lead, or the other nodes were last probed before the dead node's last failures.
 */
export const UNSEEN_BREAKER: Breaker = {
  open: true,
  recoveredSinceMs: null,
  confirmingSinceMs: null,
  message: 'the other nodes have not been probed since the last failure',
};

/**
 * The longest, in ms, that a node judged afresh can take to turn out dead or well. After that, a node that is neither
 * no longer keeps the breaker open.
 */
export function confirmWithinMs({
  failures,
  timeoutMs,
  deadAfterMs,
  healthyDelayMs,
}: Policy['probe']): number {
  return deadAfterMs + (failures + 1) * timeoutMs + Math.max(healthyDelayMs, 0);
}

/**
 * "All dead means it is me": while more of the fleet is unhealthy than single failures explain, the fault is more
 * likely on the control plane's side, and moving every rental would do the damage. It closes only after the fleet has
 * been well for `cooldown` and every node that still fails was judged afresh.
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
  // One silent node in a fleet of one says nothing about the control plane; two of two do.
  const allSilent = total > 1 && unhealthy === total;
  const overShare = unhealthy * 100 > policy.unhealthyPercent * total;
  return allSilent || (unhealthy >= policy.minNodes && overShare);
}
