import type { NodeView } from '../core/view/node-view.ts';

export interface Maintenance {
  title: string;
  reason: string;
  by: string;
  at: string;
}

/** Why, by whom and since when a node is kept from clients; null if it is not. */
export function maintenanceOf({ spec, status }: NodeView): Maintenance | null {
  if (spec.maintenance === null) return null;
  const { reason, by, at } = spec.maintenance;
  return { title: titleOf(spec.draining, status.allocated), reason: reason ?? 'No reason was given', by, at };
}

function titleOf(isDraining: boolean, isAllocated: boolean): string {
  if (!isDraining) return 'Cordoned: it gets no new rentals';
  return isAllocated
    ? 'Draining: its rental is moved first'
    : 'Drained: no rental is on it, and it gets no new ones';
}
