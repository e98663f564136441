import type { StoredEvent } from '../history/event.ts';
import type { Condition } from '../model/condition.ts';
import { type Attribution, type Controls, describeAttribution, NO_CONTROLS } from '../model/controls.ts';
import { type AttributionView, viewAttribution } from '../view/attribution-view.ts';

/** What is true of the fleet as a whole. */
export interface PoolView {
  conditions: Condition[];
  /** Null: nobody has paused it. */
  pause: AttributionView | null;
  /** The last override of the breaker; null: there never was one. `used`: the leader has applied it. */
  override: (AttributionView & { used: boolean }) | null;
}

/** `last`: the last history entries about the breaker and about pauses; null: there is none. */
export function viewPool(
  last: { opened: StoredEvent | null; closed: StoredEvent | null; resumed: StoredEvent | null },
  { pause, override }: Controls = NO_CONTROLS,
): PoolView {
  return {
    conditions: [viewMoves(last.opened, last.closed), viewPause(pause, last.resumed)],
    pause: pause && viewAttribution(pause),
    override: override && { ...viewAttribution(override), used: override.isUsed },
  };
}

function viewMoves(opened: StoredEvent | null, closed: StoredEvent | null): Condition {
  const isOpen = isBreakerOpen(opened, closed);
  const last = isOpen ? opened : closed;
  return {
    type: 'MovesAllowed',
    status: isOpen ? 'False' : 'True',
    reason: isOpen ? 'MigrationHeld' : 'MigrationResumed',
    message: last?.message ?? 'rentals are moved when their node dies',
    lastTransitionTime: (last?.at ?? new Date(0)).toISOString(),
  };
}

export function isBreakerOpen(opened: StoredEvent | null, closed: StoredEvent | null): boolean {
  return opened !== null && opened.seq > (closed?.seq ?? 0);
}

function viewPause(pause: Attribution | null, resumed: StoredEvent | null): Condition {
  const since = pause?.at ?? resumed?.at ?? new Date(0);
  return {
    type: 'Paused',
    status: pause ? 'True' : 'False',
    reason: pause ? 'Paused' : 'Resumed',
    message: pause ? `nothing new begins; paused ${describeAttribution(pause)}` : 'all work is carried out',
    lastTransitionTime: since.toISOString(),
  };
}
