import { formatDuration } from '../text/duration.ts';
import { type Condition, findCondition } from './condition.ts';
import type { Rental } from './rental.ts';

/** An account in Orion's range held most of the connections that its node's sshd allows before login. */
export interface ListenerFill {
  uid: number;
  connections: number;
}

export interface SeenFill extends ListenerFill {
  at: Date;
}

/** Long enough to notice a client who fills listener after listener, short enough to forget one mistake. */
export const FILL_WINDOW_MS = 3_600_000;
const TYPE = 'Suspected';

/**
 * Records in the rental's conditions what its account was seen to do. The first time is `Unknown`, since it may be a
 * mistake; another one within the hour is `True`. The condition carries the time of the fill, so that each fill
 * counts once.
 */
export function noteFill(
  { placements, record: { conditions } }: Pick<Rental, 'placements' | 'record'>,
  fillOf: (node: string) => SeenFill | null,
  now: Date,
): Condition[] {
  const old = findCondition(conditions, TYPE);
  const oldMs = old ? Date.parse(old.lastTransitionTime) : Number.NEGATIVE_INFINITY;
  const others = conditions.filter((condition) => condition !== old);
  for (const { node, uid, endedAt } of placements) {
    const fill = endedAt === null ? fillOf(node) : null;
    if (!fill || fill.uid !== uid || fill.at.getTime() <= oldMs) continue;
    const isRepeated = fill.at.getTime() - oldMs < FILL_WINDOW_MS;
    const status = isRepeated ? 'True' : 'Unknown';
    const message = describe(node, fill, isRepeated);
    const lastTransitionTime = fill.at.toISOString();
    return [...others, { type: TYPE, status, reason: 'ListenerFilled', message, lastTransitionTime }];
  }
  return old && now.getTime() - oldMs >= FILL_WINDOW_MS ? others : conditions;
}

function describe(node: string, { connections }: ListenerFill, isRepeated: boolean): string {
  const what = `its account held ${connections} connections to the SSH server of ${node} without logging in, so that nobody else could connect; they were closed and all its processes were killed`;
  return isRepeated ? `${what}; it was not the first time within ${formatDuration(FILL_WINDOW_MS)}` : what;
}

/** The fill that is new; null: none. */
export function newFill(before: Condition[], after: Condition[]): Condition | null {
  const [old, next] = [findCondition(before, TYPE), findCondition(after, TYPE)];
  return next && next !== old ? next : null;
}

/** Holds the rental back after repeated fills: its next node would be filled like the last ones. */
export function suspectFill(
  { record }: Rental,
  now: Date,
): { reason: 'ListenerFilled'; message: string; until: Date } | null {
  const found = findCondition(record.conditions, TYPE);
  if (found?.status !== 'True') return null;
  const until = new Date(Date.parse(found.lastTransitionTime) + FILL_WINDOW_MS);
  if (until <= now) return null;
  const message = `${found.message}; it stays where it is until its node returns, its spec is changed, or ${until.toISOString()}`;
  return { reason: 'ListenerFilled', message, until };
}
