import type { NodeRecord } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import { formatDuration } from '../text/duration.ts';
import { type Health, steadyForMs } from './health.ts';

/**
 * A node flaps once it has died this often without a steady period in between. Five deaths, and a period that scales
 * with the policy's `deadAfter`, so that stopping and starting a demo machine by hand, or restarting a machine a few
 * times in a row, is not flapping.
 */
const FLAPPING_DEATHS = 5;
/** Ten minutes with the default policy, 100 s with the demo's. */
const STEADY_PER_DEAD_AFTER = 20;
const LEAST_STEADY_MS = 10_000;
/** Deaths expire an hour after the last failure, because a new leader does not know the steady time before it. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** How long a node must answer without a failure before its earlier deaths no longer count. */
export function steadyMs({ deadAfterMs }: Policy['probe']): number {
  return Math.max(STEADY_PER_DEAD_AFTER * deadAfterMs, LEAST_STEADY_MS);
}

/** Why a node is too unsteady to be lent, with the numbers; null when it is not. */
export function describeFlapping(
  { deaths, lastFailedAt }: NodeRecord,
  health: Health | undefined,
  policy: Policy['probe'],
  now: Date,
): string | null {
  const isOld = lastFailedAt === null || now.getTime() - lastFailedAt.getTime() >= FORGOTTEN_AFTER_MS;
  const isSteady = health !== undefined && steadyForMs(health) >= steadyMs(policy);
  if (deaths < FLAPPING_DEATHS || isOld || isSteady) return null;
  const steady = formatDuration(steadyMs(policy));
  return `died ${deaths} times, never steady for ${steady} in between; lent again once it has been`;
}
