import { formatDuration } from '../text/duration.ts';
import { type Condition, findCondition } from './condition.ts';
import type { RecordedFill, Rental } from './rental.ts';

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

/** The fill to store: a new one, or the stored one until the window has passed. Each fill counts once, by its time. */
export function recordFill(
  { placements, record: { listenerFill: old } }: Pick<Rental, 'placements' | 'record'>,
  fillOf: (node: string) => SeenFill | null,
  now: Date,
): RecordedFill | null {
  const oldMs = old ? Date.parse(old.at) : Number.NEGATIVE_INFINITY;
  for (const { node, uid, endedAt } of placements) {
    const fill = endedAt === null ? fillOf(node) : null;
    if (!fill || fill.uid !== uid || fill.at.getTime() <= oldMs) continue;
    const isRepeated = fill.at.getTime() - oldMs < FILL_WINDOW_MS;
    return { node, connections: fill.connections, at: fill.at.toISOString(), isRepeated };
  }
  return now.getTime() - oldMs >= FILL_WINDOW_MS ? null : old;
}

/**
 * Sets or removes the condition for the last fill; the same array when nothing changes. After the first fill it is
 * `Unknown`, since that may be a mistake; after another one within the hour it is `True`.
 */
export function setSuspected(conditions: Condition[], fill: RecordedFill | null): Condition[] {
  const old = findCondition(conditions, TYPE);
  if (old?.lastTransitionTime === fill?.at) return conditions;
  const others = conditions.filter((condition) => condition !== old);
  if (fill === null) return others;
  const status = fill.isRepeated ? 'True' : 'Unknown';
  return [...others, { type: TYPE, status, ...describeFill(fill), lastTransitionTime: fill.at }];
}

export function describeFill({ node, connections, isRepeated }: RecordedFill): {
  reason: 'ListenerFilled';
  message: string;
} {
  const what = `its account held ${connections} connections to the SSH server of ${node} without logging in, so that nobody else could connect; they were closed and all its processes were killed`;
  const repeated = `; it was not the first time within ${formatDuration(FILL_WINDOW_MS)}`;
  return { reason: 'ListenerFilled', message: isRepeated ? what + repeated : what };
}

/** Holds the rental back after repeated fills: its next node would be filled like the last ones. */
export function suspectFill(
  { record: { listenerFill: fill } }: Rental,
  now: Date,
): { reason: 'ListenerFilled'; message: string; until: Date } | null {
  if (!fill?.isRepeated) return null;
  const until = new Date(Date.parse(fill.at) + FILL_WINDOW_MS);
  if (until <= now) return null;
  const { reason, message } = describeFill(fill);
  const stays = `it stays where it is until its node returns, its spec is changed, or ${until.toISOString()}`;
  return { reason, message: `${message}; ${stays}`, until };
}
