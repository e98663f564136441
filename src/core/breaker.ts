import type { Policy } from './policy.ts';

/** How much of the fleet is unhealthy, counted at one moment. */
export interface FleetHealth {
  total: number;
  /** Suspect or dead. */
  unhealthy: number;
}

export interface Breaker {
  open: boolean;
  /** Since when the fleet has been well again while the breaker is open (monotonic). */
  recoveredSinceMs: number | null;
  message: string;
}

export const CLOSED_BREAKER: Breaker = { open: false, recoveredSinceMs: null, message: '' };

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
  if (isMassFailure(fleet, policy)) {
    const percent = Math.round((100 * fleet.unhealthy) / fleet.total);
    const message = `${fleet.unhealthy} of ${fleet.total} nodes (${percent} %) are unhealthy; the limit is ${policy.unhealthyPercent} %`;
    return { open: true, recoveredSinceMs: null, message };
  }
  if (!breaker.open) return CLOSED_BREAKER;
  const recoveredSinceMs = breaker.recoveredSinceMs ?? nowMs;
  if (nowMs - recoveredSinceMs >= policy.cooldownMs) return CLOSED_BREAKER;
  return { ...breaker, recoveredSinceMs };
}

function isMassFailure(fleet: FleetHealth, policy: Policy['migrate']['breaker']): boolean {
  if (fleet.total === 0) return false;
  // One silent node of a fleet of one is no sign about the control plane; two of two are.
  const allSilent = fleet.total > 1 && fleet.unhealthy === fleet.total;
  const overShare = fleet.unhealthy * 100 > policy.unhealthyPercent * fleet.total;
  return allSilent || (fleet.unhealthy >= policy.minNodes && overShare);
}
