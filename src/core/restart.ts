import { isOtherBoot } from './boot.ts';
import { type Condition, findCondition } from './condition.ts';
import { formatDuration } from './duration.ts';
import type { Node, NodeRecord, NodeState } from './node.ts';
import type { NodeDecision } from './node-decision.ts';
import type { NodeInputs } from './node-inputs.ts';
import type { Reason } from './reason.ts';
import type { Placement } from './rental.ts';

/** Restarts of one node are told at most this often: a hostile one invents as many as it likes. */
const TOLD_EVERY_MS = 60_000;

/** A machine was restarted while a client had access to it. */
export interface Restart {
  node: string;
  /** The first answer after it. */
  at: Date;
  /** The last answer before it, as far as it is known. */
  silentSince: Date;
}

/**
 * The record with the start of the machine that answers now. The one before is a column, so that no daemon that is
 * started again or takes over misses the change. A dead node is compared when it is back.
 */
export function recordRestart(
  record: NodeRecord,
  { node, boot, live, now }: NodeInputs,
  state: NodeState,
  decision: NodeDecision,
): NodeRecord {
  const { id } = boot;
  if (id === null || state === 'dead') return record;
  if (record.bootId === null) return { ...record, bootId: id };
  if (!isOtherBoot(record.bootId, id) || tellAgainAt(record, now) !== null) return record;
  const seenAt = boot.seenAt ?? now;
  // Whoever had access before lost what ran there, even if the clock of the daemon that gave it was ahead of this one.
  const restartedAt = new Date(Math.max(seenAt.getTime(), (live?.readyAt?.getTime() ?? 0) + 1));
  const silentSince = earliest(boot.silentSince ?? lastAnswerOf(node), restartedAt);
  const told = describeRestart({ node: node.spec.name, at: restartedAt, silentSince });
  decision.events.push({ type: 'node.restarted', ...told });
  return { ...record, bootId: id, restartedAt, silentSince };
}

/** When another restart of the node may be told; null: now. */
export function tellAgainAt({ restartedAt }: NodeRecord, now: Date): Date | null {
  if (restartedAt === null) return null;
  const agoMs = now.getTime() - restartedAt.getTime();
  return agoMs >= 0 && agoMs < TOLD_EVERY_MS ? new Date(restartedAt.getTime() + TOLD_EVERY_MS) : null;
}

/** As an earlier daemon has left it. */
function lastAnswerOf({ record, lastCheckedAt }: Node): Date | null {
  const reachable = findCondition(record.conditions, 'Reachable');
  return reachable?.status === 'False' ? new Date(reachable.lastTransitionTime) : lastCheckedAt;
}

function earliest(a: Date | null, b: Date): Date {
  return a !== null && a < b ? a : b;
}

/** The last restart of the node since the client got access to it; null: there was none. */
export function findRestart({ node: name, readyAt }: Placement, node: Node | undefined): Restart | null {
  const { restartedAt: at = null, silentSince = null } = node?.record ?? {};
  if (readyAt === null || at === null || at <= readyAt) return null;
  return { node: name, at, silentSince: silentSince ?? at };
}

/** The conditions with the restart that the client lives with; the same array when nothing changes. */
export function setRestarted(conditions: Condition[], restart: Restart | null): Condition[] {
  const others = conditions.filter(({ type }) => type !== 'Restarted');
  if (restart === null) return others.length === conditions.length ? conditions : others;
  if (!isNewRestart(conditions, restart)) return conditions;
  const what = { type: 'Restarted', status: 'True', ...describeRestart(restart) } as const;
  return [...others, { ...what, lastTransitionTime: restart.at.toISOString() }];
}

/** Was the client not told of it yet? */
export function isNewRestart(conditions: Condition[], { at }: Restart): boolean {
  return findCondition(conditions, 'Restarted')?.lastTransitionTime !== at.toISOString();
}

export function describeRestart({ node, at, silentSince }: Restart): { reason: Reason; message: string } {
  const seconds = Math.round((at.getTime() - silentSince.getTime()) / 1_000);
  const gap = seconds > 0 ? ` within ${formatDuration(1_000 * seconds)}` : '';
  return { reason: 'NodeRestarted', message: `${node} was restarted${gap}: what ran there is gone` };
}
