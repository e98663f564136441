const MINUTE_MS = 60_000;

/** What is left of a tenant's requests after the one just made. */
export interface RequestBudget {
  perMinute: number;
  /** False: this one was one too many. */
  isAllowed: boolean;
  /** Whole requests that are left now. */
  remaining: number;
  /** Until the next one is allowed; 0: now. */
  waitMs: number;
  /** Until all are allowed again. */
  fullMs: number;
}

/** A token bucket: what was left in it, and for how long it has been refilled since. */
export interface Bucket {
  tokens: number;
  sinceMs: number;
}

/**
 * Takes one request out of the bucket, which holds a minute's worth and refills evenly. So a minute's requests may
 * come at once, and no minute sees more than two minutes' worth. `bucket` null: the first request. `tokens`: what to
 * store; a refused request takes nothing.
 */
export function takeRequest(bucket: Bucket | null, perMinute: number): RequestBudget & { tokens: number } {
  const filled =
    bucket === null ? perMinute : bucket.tokens + (Math.max(0, bucket.sinceMs) / MINUTE_MS) * perMinute;
  // A lowered limit applies at once.
  const had = Math.min(perMinute, filled);
  const isAllowed = had >= 1;
  const tokens = isAllowed ? had - 1 : had;
  const msUntil = (wanted: number) => Math.max(0, Math.ceil(((wanted - tokens) / perMinute) * MINUTE_MS));
  return {
    perMinute,
    isAllowed,
    tokens,
    remaining: Math.floor(tokens),
    waitMs: msUntil(1),
    fullMs: msUntil(perMinute),
  };
}
