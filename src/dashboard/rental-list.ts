import type { RentalView } from '../core/view/rental-view.ts';
import { isOver } from './rental-look.ts';
import { labelsText } from './words.ts';

export interface RentalFilter {
  text: string;
  /** A phase; empty: all that have not ended; `all`: ended ones, too. */
  phase: string;
}

/** Phases that need attention come first; within a phase, the newest rental. */
const ORDER = ['Lost', 'Migrating', 'Failed', 'Pending', 'Provisioning', 'Active', 'Releasing', 'Released'];

export function listRentals(rentals: Iterable<RentalView>, { text, phase }: RentalFilter): RentalView[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return [...rentals]
    .filter((rental) => (phase === '' ? !isOver(rental) : phase === 'all' || rental.status.phase === phase))
    .filter((rental) => wanted.every((each) => searchText(rental).includes(each)))
    .toSorted((a, b) => ORDER.indexOf(a.status.phase) - ORDER.indexOf(b.status.phase) || newestFirst(a, b));
}

function newestFirst(a: RentalView, b: RentalView): number {
  return a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0;
}

function searchText({ id, name, tenant, spec, status }: RentalView): string {
  return [id, name, tenant, status.node ?? '', status.phase, ...labelsText(spec.labels)]
    .join(' ')
    .toLowerCase();
}

/** Rentals that wait for a machine, in queue order, and those that no machine can ever fit. */
export function queueOf(rentals: Iterable<RentalView>): { waiting: RentalView[]; hopeless: RentalView[] } {
  const pending = [...rentals].filter(({ status }) => status.phase === 'Pending');
  const waiting = pending
    .filter(({ status }) => status.queuePosition !== null)
    .toSorted((a, b) => (a.status.queuePosition ?? 0) - (b.status.queuePosition ?? 0));
  const hopeless = pending.filter(({ status }) => status.queuePosition === null && isUnsatisfiable(status));
  return { waiting, hopeless: hopeless.toSorted(newestFirst) };
}

function isUnsatisfiable({ conditions }: RentalView['status']): boolean {
  return conditions.some(({ type, reason }) => type === 'Ready' && reason === 'Unsatisfiable');
}

/** What the rental requires of a machine, in a few words. */
export function requestText({ spec: { selector } }: RentalView): string {
  const parts = [
    ...labelsText(selector.matchLabels),
    ...(selector.zone === null ? [] : [`in ${selector.zone}`]),
  ];
  return parts.length === 0 ? 'any machine' : parts.join(', ');
}
