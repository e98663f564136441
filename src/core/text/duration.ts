const UNIT_MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Largest unit first, each at most once: what `formatDuration` gives, and what people write. */
const PATTERN = /^(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,12})ms)?$/;

export const DURATION_FORMAT = 'a duration such as 6h, 1h30m, 45s or 250ms';

/** `1h30m` -> milliseconds; null when the text is not a duration. A bare number has no unit and is refused. */
export function parseDuration(text: string): number | null {
  const match = PATTERN.exec(text);
  if (match === null || text === '') return null;
  const [, hours, minutes, seconds, milliseconds] = match;
  const totalMs =
    Number(hours ?? 0) * 3_600_000 +
    Number(minutes ?? 0) * 60_000 +
    Number(seconds ?? 0) * 1_000 +
    Number(milliseconds ?? 0);
  return Number.isSafeInteger(totalMs) ? totalMs : null;
}

/** Whole minutes as people say them, more roughly the longer they are: `14 min`, `3 h`, `2 days`. */
export function formatMinutes(minutes: number): string {
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** The shortest text that `parseDuration` reads back as the same number; whole milliseconds, not negative. */
export function formatDuration(durationMs: number): string {
  if (!Number.isSafeInteger(durationMs) || durationMs < 0) {
    throw new RangeError(`not a duration in whole milliseconds: ${durationMs}`);
  }
  let restMs = durationMs;
  let text = '';
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text === '' ? '0s' : text;
}
