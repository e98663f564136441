import { parseDuration } from '../text/duration.ts';

/** From `fromMs` (included) to `toMs` (excluded), in milliseconds UTC. */
export interface Span {
  fromMs: number;
  toMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** As far as the history goes back. */
const MAX_WINDOW_MS = 90 * DAY;
export const WINDOW_FORMAT = 'a duration from 1m to 90d, such as 1h, 24h or 7d';

/** In milliseconds; null: not a valid length for a window. */
export function parseWindow(text: string): number | null {
  const days = /^(\d{1,2})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDuration(text) : Number(days) * DAY;
  return ms !== null && ms >= MINUTE && ms <= MAX_WINDOW_MS ? ms : null;
}

/** Lengths that people read off an axis without counting. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  DAY,
];
/** As many points as a chart can show. */
const MAX_BUCKETS = 100;

/**
 * Splits the window into buckets of equal length. They begin at round times, so that the next query gets the same
 * buckets; the first and the last one may be cut.
 */
export function splitWindow({ fromMs, toMs }: Span): { bucketMs: number; buckets: Span[] } {
  const bucketMs = STEPS_MS.find((stepMs) => (toMs - fromMs) / stepMs <= MAX_BUCKETS) ?? DAY;
  const buckets: Span[] = [];
  for (let atMs = fromMs; atMs < toMs; ) {
    const endMs = Math.min((Math.floor(atMs / bucketMs) + 1) * bucketMs, toMs);
    buckets.push({ fromMs: atMs, toMs: endMs });
    atMs = endMs;
  }
  return { bucketMs, buckets };
}

/** The part of a span that lies within another one; null when there is none. */
export function clip(span: Span, within: Span): Span | null {
  const fromMs = Math.max(span.fromMs, within.fromMs);
  const toMs = Math.min(span.toMs, within.toMs);
  return fromMs < toMs ? { fromMs, toMs } : null;
}

export interface Distribution {
  count: number;
  /** The middle one, or the mean of the two in the middle; null: there are no times. */
  medianMs: number | null;
  /** The shortest of the times that at least 95 % of them do not exceed. */
  p95Ms: number | null;
  maxMs: number | null;
}

export function summarizeTimes(timesMs: readonly number[]): Distribution {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const count = sorted.length;
  const at = (index: number) => sorted[index] ?? 0;
  if (count === 0) return { count, medianMs: null, p95Ms: null, maxMs: null };
  const middle = Math.floor(count / 2);
  const medianMs = count % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { count, medianMs, p95Ms: at(Math.ceil(0.95 * count) - 1), maxMs: at(count - 1) };
}
