/** As long as the longest pause without such a request. */
const MAX_MS = 3_600_000;

/** The pause that a receiver asks for, in ms: `120`, or `Wed, 21 Oct 2026 07:28:00 GMT`. 0: it asks for none. */
export function parseRetryAfterMs(header: string | undefined, now: Date): number {
  const text = header ?? '';
  let ms = 0;
  if (/^\d{1,9}$/.test(text)) ms = Number(text) * 1_000;
  // Anything else that `Date.parse` accepts is not an HTTP date.
  else if (/^[A-Z].* GMT$/.test(text)) ms = Date.parse(text) - now.getTime();
  return ms > 0 ? Math.min(ms, MAX_MS) : 0;
}
