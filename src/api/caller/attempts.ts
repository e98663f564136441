/** Counts failures per place. */
export interface Attempts {
  /** Seconds until the next try is allowed; 0: now. */
  waitS(from: string): number;
  fail(from: string): void;
}

/** With more places than this at once, the oldest is forgotten. */
const MAX_PLACES = 10_000;

/** Allows `limit` failures per place within the window, which begins with the first of them. */
export function createAttempts(limit: number, windowMs: number, monotonicMs: () => number): Attempts {
  const places = new Map<string, { failures: number; sinceMs: number }>();
  const find = (from: string) => {
    const place = places.get(from);
    if (place === undefined || monotonicMs() - place.sinceMs < windowMs) return place;
    places.delete(from);
    return undefined;
  };
  return {
    waitS(from) {
      const place = find(from);
      if (place === undefined || place.failures < limit) return 0;
      return Math.max(1, Math.ceil((place.sinceMs + windowMs - monotonicMs()) / 1_000));
    },
    fail(from) {
      const place = find(from) ?? { failures: 0, sinceMs: monotonicMs() };
      place.failures++;
      places.set(from, place);
      const [oldest] = places.keys();
      if (places.size > MAX_PLACES && oldest !== undefined) places.delete(oldest);
    },
  };
}
