import type { Condition } from './condition.ts';
import type { StoredEvent } from './event.ts';

/** What is true of the fleet as a whole. */
export interface PoolView {
  conditions: Condition[];
}

/** From the last entries of the history about the breaker, null where there is none. */
export function viewPool(opened: StoredEvent | null, closed: StoredEvent | null): PoolView {
  const isOpen = opened !== null && opened.seq > (closed?.seq ?? 0);
  const last = isOpen ? opened : closed;
  return {
    conditions: [
      {
        type: 'MovesAllowed',
        status: isOpen ? 'False' : 'True',
        reason: isOpen ? 'MigrationHeld' : 'MigrationResumed',
        message: last?.message ?? 'clients are moved when their node dies',
        lastTransitionTime: (last?.at ?? new Date(0)).toISOString(),
      },
    ],
  };
}
