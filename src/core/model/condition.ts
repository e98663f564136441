import type { Reason } from '../failure/reason.ts';

/** A Kubernetes-style condition: one aspect of an object, and since when it has its status. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: Reason;
  message: string;
  lastTransitionTime: string;
}

/**
 * Sets one of the conditions. `lastTransitionTime` moves only when the status changes. When nothing changed, the
 * same array comes back, so that callers can compare by identity.
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
