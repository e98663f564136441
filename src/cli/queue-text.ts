/** A place in the queue as people read it: `2, about 14 min`; `-` for none. */
export function formatPlace(position: number | null, estimateAt: string | null, now: Date): string {
  if (position === null) return '-';
  if (estimateAt === null) return String(position);
  // It was rounded up to the minute already.
  const minutes = Math.floor((Date.parse(estimateAt) - now.getTime()) / 60_000);
  return `${position}, ${minutes <= 1 ? 'any minute' : `about ${formatMinutes(minutes)}`}`;
}

function formatMinutes(minutes: number): string {
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
