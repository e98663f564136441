import type { Reason } from '../failure/reason.ts';

/** A Kubernetes-style condition: one aspect of an object, and since when it is so. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: Reason;
  message: string;
  lastTransitionTime: string;
}

/**
 * The conditions with one of them set. `lastTransitionTime` moves only when the status changes; the same array
 * comes back when nothing changed, so that callers can tell by identity.
 */
export function setCondition(
  conditions: Condition[],
  next: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): Condition[] {
  const old = conditions.find((condition) => condition.type === next.type);
  if (old && old.status === next.status && old.reason === next.reason && old.message === next.message) {
    return conditions;
  }
  const lastTransitionTime = old && old.status === next.status ? old.lastTransitionTime : now.toISOString();
  const entry = { ...next, lastTransitionTime };
  return old
    ? conditions.map((condition) => (condition === old ? entry : condition))
    : [...conditions, entry];
}

export function findCondition(conditions: Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}
