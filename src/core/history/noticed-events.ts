import type { RentalPhase } from '../model/rental.ts';
import type { EventType } from './event.ts';
import type { NoticeType } from './notice.ts';

const NOTICES: Partial<Record<EventType, NoticeType>> = {
  'rental.active': 'rental.active',
  // Its node came back: to the client that is like the first access.
  'rental.recovered': 'rental.active',
  'rental.migrated': 'rental.migrated',
  'rental.restarted': 'rental.restarted',
  'rental.expiring': 'rental.expiring',
  // Also when the lease expired: the reason says so.
  'rental.released': 'rental.released',
  'rental.failed': 'rental.failed',
};

/** Events that are news whatever the phase. */
const OF_ITS_OWN: readonly EventType[] = ['rental.expiring', 'rental.restarted'];

/**
 * The notice for an event that took a rental from one phase to another; null: none. A lost machine is announced when
 * the rental enters Lost, where no move is under way, and only once, however the reasons change.
 */
export function noticeOf(event: EventType, before: RentalPhase, after: RentalPhase): NoticeType | null {
  if (after === 'Lost' && !OF_ITS_OWN.includes(event)) return before === 'Lost' ? null : 'rental.lost';
  return NOTICES[event] ?? null;
}
