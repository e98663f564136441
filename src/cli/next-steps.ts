import type { Node } from '../client/protocol/operations.ts';
import { type Remedy, remedyOf } from '../core/failure/remedy.ts';
import { createTable, formatLeft } from './table.ts';

/** For each failure that a node shows: whether and when it is tried again, and what a person can do. */
export function formatNextSteps(node: Node, now: Date): string {
  const rows = node.status.conditions.flatMap((condition) => {
    const remedy = remedyOf(condition.reason);
    return remedy ? [[condition.reason, describeRetry(node, condition, remedy, now), remedy.operator]] : [];
  });
  // Quarantine shows in two conditions, but is one failure.
  const unique = [...new Map(rows.map((row) => [row[0], row])).values()];
  return unique.length === 0 ? '' : createTable(['REASON', 'TRIED AGAIN', 'WHAT TO DO']).format(unique);
}

function describeRetry(
  node: Node,
  { type, reason }: Node['status']['conditions'][number],
  { retry, command }: Remedy,
  now: Date,
): string {
  const { conditions, nextAttemptAt, offeredFingerprint } = node.status;
  const spelled =
    command && `\`${[command.replace('NODE', node.name), offeredFingerprint ?? []].flat().join(' ')}\``;
  // The inventory pins the host key, so it is changed there.
  if (reason === 'HostKeyChanged' && node.spec.hostKey !== null)
    return 'waits for another `hostKey` in the inventory';
  if (retry === 'person') return `waits for ${spelled ?? 'a person'}`;
  if (type === 'Reachable') return 'retried by the next probe';
  const isReachable = conditions.every((other) => other.type !== 'Reachable' || other.status === 'True');
  const left = formatLeft(nextAttemptAt, now);
  const when = !isReachable
    ? 'when it answers'
    : nextAttemptAt === null || left === 'now'
      ? 'now'
      : `in ${left}`;
  return `retried ${when}${spelled ? `, or at once with ${spelled}` : ''}`;
}
