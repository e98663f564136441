import { isOtherBoot } from '../model/boot.ts';
import type { NodeRecord } from '../model/node.ts';
import { isDeadState } from '../model/node-states.ts';
import { describeRestart } from '../model/restart.ts';
import type { Step } from './decision.ts';
import type { NodeInputs } from './inputs.ts';

/** Restarts of one node are reported at most this often, since a hostile node can invent any number. */
const TOLD_EVERY_MS = 60_000;

/**
 * Records the start of the machine that answers now, and reports a restart. The last known start is a column, so that
 * a daemon that restarts or takes over does not miss the change. A dead node is compared once it is back.
 */
export function recordRestart(record: NodeRecord, { node, boot, live, now }: NodeInputs): Step {
  const { id } = boot;
  if (id === null || isDeadState(record.state)) return { record };
  if (record.bootId === null) return { record: { ...record, bootId: id } };
  if (!isOtherBoot(record.bootId, id) || tellAgainAt(record, now) !== null) return { record };
  const seenAt = boot.seenAt ?? now;
  // Later than the access and the restart that it follows, even if another daemon's clock was ahead.
  const earlierMs = [live?.readyAt, record.restartedAt].map((at) => at?.getTime() ?? 0);
  const restartedAt = new Date(Math.max(seenAt.getTime(), ...earlierMs.map((ms) => ms + 1)));
  // Without a memory of its own, this daemon goes by what an earlier one recorded.
  const silentSince = earliest(
    boot.silentSince ?? node.record.unreachableSince ?? node.lastCheckedAt,
    restartedAt,
  );
  const restart = describeRestart({ node: node.spec.name, at: restartedAt, silentSince });
  return {
    record: { ...record, bootId: id, restartedAt, silentSince },
    events: [{ type: 'node.restarted', ...restart }],
  };
}

/** When another restart of the node may be reported; null: now. */
export function tellAgainAt({ restartedAt }: NodeRecord, now: Date): Date | null {
  if (restartedAt === null) return null;
  const agoMs = now.getTime() - restartedAt.getTime();
  return agoMs >= 0 && agoMs < TOLD_EVERY_MS ? new Date(restartedAt.getTime() + TOLD_EVERY_MS) : null;
}

function earliest(a: Date | null, b: Date): Date {
  return a !== null && a < b ? a : b;
}
