import { isOtherBoot } from '../model/boot.ts';
import { findCondition } from '../model/condition.ts';
import type { Node, NodeRecord } from '../model/node.ts';
import { isDeadState } from '../model/node-states.ts';
import { describeRestart } from '../model/restart.ts';
import type { Step } from './decision.ts';
import type { NodeInputs } from './inputs.ts';

/** Restarts of one node are told at most this often: a hostile one invents as many as it likes. */
const TOLD_EVERY_MS = 60_000;

/**
 * The record with the start of the machine that answers now. The one before is a column, so that no daemon that is
 * started again or takes over misses the change. A dead node is compared when it is back.
 */
export function recordRestart(record: NodeRecord, { node, boot, live, now }: NodeInputs): Step {
  const { id } = boot;
  if (id === null || isDeadState(record.state)) return { record };
  if (record.bootId === null) return { record: { ...record, bootId: id } };
  if (!isOtherBoot(record.bootId, id) || tellAgainAt(record, now) !== null) return { record };
  const seenAt = boot.seenAt ?? now;
  // Later than what it follows, the access and the restart before it, even where another daemon's clock was ahead.
  const earlierMs = [live?.readyAt, record.restartedAt].map((at) => at?.getTime() ?? 0);
  const restartedAt = new Date(Math.max(seenAt.getTime(), ...earlierMs.map((ms) => ms + 1)));
  const silentSince = earliest(boot.silentSince ?? lastAnswerOf(node), restartedAt);
  const restart = describeRestart({ node: node.spec.name, at: restartedAt, silentSince });
  return {
    record: { ...record, bootId: id, restartedAt, silentSince },
    events: [{ type: 'node.restarted', ...restart }],
  };
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
