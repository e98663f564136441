import { formatMinutes } from '../core/text/duration.ts';
import type { RentalView } from '../core/view/rental-view.ts';
import { readyCondition } from './rental-look.ts';

const MINUTE = 60_000;

/** How long a queued rental may still have to wait, in words; null: it is not in the queue. */
export function waitText(rental: RentalView, nowMs: number): string | null {
  const { queuePosition, queueEstimateAt } = rental.status;
  if (queuePosition === null) return null;
  if (readyCondition(rental)?.reason === 'Paused') return 'unknown while Orion is paused';
  if (queueEstimateAt === null) return 'unknown';
  const left = (Date.parse(queueEstimateAt) - nowMs) / MINUTE;
  if (left <= -1) return `longer than expected, by ${formatMinutes(Math.floor(-left))} so far`;
  // The estimate is already rounded up to the minute.
  const minutes = Math.floor(left);
  return minutes <= 1 ? 'any minute now' : `about ${formatMinutes(minutes)}`;
}
