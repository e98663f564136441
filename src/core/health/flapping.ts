import type { NodeRecord } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import { formatDuration } from '../text/duration.ts';
import { type Health, steadyForMs } from './health.ts';

/**
 * So many deaths with never a steady while between them make a node one that flaps. Five, and a while that grows with
 * the eagerness of the policy, so that somebody who stops and starts a machine of a demonstration by hand, or restarts
 * one some times in a row, does not wait for it.
 */
const FLAPPING_DEATHS = 5;
/** Ten minutes with the policy that ships as default, 100 s with the demonstration's. */
const STEADY_PER_DEAD_AFTER = 20;
const LEAST_STEADY_MS = 10_000;
/** What was seen of a node is in memory only; a new leader does not take up what is over for an hour. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** How long a node has to answer without one failure until its earlier deaths do not count any more. */
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
