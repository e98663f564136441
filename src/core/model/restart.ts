import type { Reason } from '../failure/reason.ts';
import { formatDuration } from '../text/duration.ts';
import { type Condition, findCondition } from './condition.ts';
import type { Node } from './node.ts';
import type { Placement } from './rental.ts';

/** A machine was restarted while a client had access to it. */
export interface Restart {
  node: string;
  /** The first answer after it. */
  at: Date;
  /** The last answer before it, as far as it is known. */
  silentSince: Date;
}

/** The last restart of the node since the client got access to it; null: there was none. */
export function findRestart({ node: name, readyAt }: Placement, node: Node | undefined): Restart | null {
  const { restartedAt: at = null, silentSince = null } = node?.record ?? {};
  if (readyAt === null || at === null || at <= readyAt) return null;
  return { node: name, at, silentSince: silentSince ?? at };
}

/** Sets or removes the condition for the client's last restart; the same array when nothing changes. */
export function setRestarted(conditions: Condition[], restart: Restart | null): Condition[] {
  const others = conditions.filter(({ type }) => type !== 'Restarted');
  if (restart === null) return others.length === conditions.length ? conditions : others;
  if (!isNewRestart(conditions, restart)) return conditions;
  const what = { type: 'Restarted', status: 'True', ...describeRestart(restart) } as const;
  return [...others, { ...what, lastTransitionTime: restart.at.toISOString() }];
}

/** Is this restart not announced to the client yet? */
export function isNewRestart(conditions: Condition[], { at }: Restart): boolean {
  return findCondition(conditions, 'Restarted')?.lastTransitionTime !== at.toISOString();
}

export function describeRestart({ node, at, silentSince }: Restart): { reason: Reason; message: string } {
  const seconds = Math.round((at.getTime() - silentSince.getTime()) / 1_000);
  const gap = seconds > 0 ? ` within ${formatDuration(1_000 * seconds)}` : '';
  return { reason: 'NodeRestarted', message: `${node} was restarted${gap}: what ran there is gone` };
}
