import { formatMinutes } from '../core/text/duration.ts';

/** A position in the queue for people: `2, about 14 min`; `-` for none. */
export function formatPlace(position: number | null, estimateAt: string | null, now: Date): string {
  if (position === null) return '-';
  if (estimateAt === null) return String(position);
  // It was already rounded up to the minute.
  const minutes = Math.floor((Date.parse(estimateAt) - now.getTime()) / 60_000);
  return `${position}, ${minutes <= 1 ? 'any minute' : `about ${formatMinutes(minutes)}`}`;
}
