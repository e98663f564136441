import type { Policy } from './policy.ts';

/** How much of the fleet is unhealthy, counted at one moment. */
export interface FleetHealth {
  total: number;
  /** Suspect or dead. */
  unhealthy: number;
  /** Seem well, but nobody has looked at them since the latest of the dead began to fail. */
  unseen: number;
}

export interface Breaker {
  open: boolean;
  /** Since when the fleet has been well again while the breaker is open (monotonic). */
  recoveredSinceMs: number | null;
  message: string;
}

export const CLOSED_BREAKER: Breaker = { open: false, recoveredSinceMs: null, message: '' };

/**
 * Held, because too few nodes were looked at to tell one death from the death of all: by a daemon that has just
 * begun to lead, or by one whose other nodes had their last look before the dead one began to fail.
 */
export const UNSEEN_BREAKER: Breaker = {
  open: true,
  recoveredSinceMs: null,
  message: 'the other nodes have not been looked at since',
};

/**
 * "All dead means it is me": while more of the fleet is unhealthy than single failures explain, the fault is
 * more likely on the control plane's side, and moving everybody would do the damage. It closes only when the
 * fleet has been well for `cooldown`.
 */
export function computeBreaker(
  breaker: Breaker,
  fleet: FleetHealth,
  policy: Policy['migrate']['breaker'],
  nowMs: number,
): Breaker {
  const { total, unhealthy, unseen } = fleet;
  if (isMassFailure(total, unhealthy, policy)) {
    const percent = Math.round((100 * unhealthy) / total);
    const message = `${unhealthy} of ${total} nodes (${percent} %) are unhealthy; the limit is ${policy.unhealthyPercent} %`;
    return { open: true, recoveredSinceMs: null, message };
  }
  if (breaker.open && breaker !== UNSEEN_BREAKER) {
    const recoveredSinceMs = breaker.recoveredSinceMs ?? nowMs;
    if (nowMs - recoveredSinceMs < policy.cooldownMs) return { ...breaker, recoveredSinceMs };
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
