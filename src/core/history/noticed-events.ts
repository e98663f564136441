import type { RentalPhase } from '../model/rental.ts';
import type { EventType } from './event.ts';
import type { NoticeType } from './notice.ts';

const NOTICES: Partial<Record<EventType, NoticeType>> = {
  'rental.active': 'rental.active',
  // Its node came back: to its client that is what the first access was.
  'rental.recovered': 'rental.active',
  'rental.migrated': 'rental.migrated',
  'rental.restarted': 'rental.restarted',
  'rental.expiring': 'rental.expiring',
  // Also when the lease was over: its reason says so.
  'rental.released': 'rental.released',
  'rental.failed': 'rental.failed',
};

/** News beside the phase. */
const OF_ITS_OWN: readonly EventType[] = ['rental.expiring', 'rental.restarted'];

/**
 * What the client is told of an event in which his rental went from one phase to another; null: nothing. That he
 * lost his machine is said whenever he comes to be without any help under way, and once, however the reasons change.
 */
export function noticeOf(event: EventType, before: RentalPhase, after: RentalPhase): NoticeType | null {
  if (after === 'Lost' && !OF_ITS_OWN.includes(event)) return before === 'Lost' ? null : 'rental.lost';
  return NOTICES[event] ?? null;
}
