import { isFailure } from '../failure/remedy.ts';
import type { Condition } from '../model/condition.ts';
import { findCondition } from '../model/condition.ts';
import type { EventType } from './event.ts';

export interface ConditionEvent {
  type: EventType;
  reason: string;
  message: string;
}

/**
 * History entries for the changed conditions of a node that the events of the same save (`reported`) leave out.
 * Every failure gets an entry. If there is neither a failure nor another event, one entry stands for all changes.
 * `isNews` decides if a changed reason under an unchanged status counts, so that alternating failures don't fill the
 * history.
 */
export function describeConditionChanges(
  before: Condition[],
  after: Condition[],
  reported: { reason: string }[],
  isNews: (condition: Condition) => boolean,
): ConditionEvent[] {
  const changed = after.filter((condition) => {
    const old = findCondition(before, condition.type);
    if (old?.status !== condition.status) return true;
    return old.reason !== condition.reason && isNews(condition);
  });
  const failures = changed.filter(
    ({ reason }) => isFailure(reason) && !reported.some((event) => event.reason === reason),
  );
  const chosen = failures.length > 0 || reported.length > 0 ? failures : changed.slice(0, 1);
  return chosen.map(describe);
}

function describe({ type, status, reason, message }: Condition): ConditionEvent {
  if (type !== 'Reachable' || status === 'Unknown')
    return { type: 'node.condition', reason, message: `${type}: ${message}` };
  return { type: status === 'False' && isFailure(reason) ? 'node.suspect' : 'node.alive', reason, message };
}
