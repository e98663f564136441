import type { RequestBudget } from './tenant-store.ts';

const MINUTE_MS = 60_000;

/** A bucket of requests: what was in it, and for how long it has been filled since. */
export interface Bucket {
  tokens: number;
  sinceMs: number;
}

/**
 * Takes a request out of the bucket, which holds a minute's worth and is filled evenly: so a minute's requests may come
 * at once, and never more than two minutes' within one. Null: nobody asked before. `tokens`: what to keep; of a request
 * that was refused nothing was taken.
 */
export function takeRequest(bucket: Bucket | null, perMinute: number): RequestBudget & { tokens: number } {
  const filled =
    bucket === null ? perMinute : bucket.tokens + (Math.max(0, bucket.sinceMs) / MINUTE_MS) * perMinute;
  // A limit that was lowered meanwhile counts at once.
  const had = Math.min(perMinute, filled);
  const isAllowed = had >= 1;
  const tokens = isAllowed ? had - 1 : had;
  const msUntil = (wanted: number) => Math.max(0, Math.ceil(((wanted - tokens) / perMinute) * MINUTE_MS));
  return {
    ...{ perMinute, isAllowed, tokens, remaining: Math.floor(tokens) },
    ...{ waitMs: msUntil(1), fullMs: msUntil(perMinute) },
  };
}
