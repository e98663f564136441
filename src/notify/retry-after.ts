/** As long as the longest pause that is made without being asked for one. */
const MAX_MS = 3_600_000;

/** How long a receiver wants to be left alone, in ms: `120`, or `Wed, 21 Oct 2026 07:28:00 GMT`. 0: it does not say. */
export function parseRetryAfterMs(header: string | undefined, now: Date): number {
  const text = header ?? '';
  let ms = 0;
  if (/^\d{1,9}$/.test(text)) ms = Number(text) * 1_000;
  // What else `Date.parse` takes is no time of HTTP.
  else if (/^[A-Z].* GMT$/.test(text)) ms = Date.parse(text) - now.getTime();
  return ms > 0 ? Math.min(ms, MAX_MS) : 0;
}
