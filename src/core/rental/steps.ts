import type { Node } from '../model/node.ts';
import { isDeadState } from '../model/node-states.ts';
import { type Rental, servingOf } from '../model/rental.ts';
import type { RentalStep } from '../ports/metrics.ts';
import type { RentalDecision } from './decision.ts';

/** The step that the decision completes now, if any. Its duration is measured as docs/qos.md says. */
export function measureStep(
  rental: Rental,
  { change, event }: Pick<RentalDecision, 'change' | 'event'>,
  nodeOf: (name: string) => Node | undefined,
  now: Date,
): RentalStep | null {
  // The wall clock may have been set back meanwhile.
  const since = (at: Date) => Math.max(0, now.getTime() - at.getTime());
  if (change.kind === 'bind') {
    return rental.placements.length > 0 ? null : { kind: 'queueWait', durationMs: since(rental.createdAt) };
  }
  if (change.kind === 'promote') {
    const old = nodeOf(change.old.node);
    return old && isDeadState(old.record.state)
      ? { kind: 'migration', planned: false, durationMs: since(old.record.stateSince) }
      : { kind: 'migration', planned: true, durationMs: since(change.incoming.startedAt) };
  }
  if (event !== 'rental.active') return null;
  const serving = servingOf(rental);
  return serving ? { kind: 'provisioning', durationMs: since(serving.startedAt) } : null;
}
