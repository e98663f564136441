import { clip, type Span, splitWindow } from './time.ts';

/** The kinds of times whose distribution is reported. */
export const TIMES = ['detection', 'move', 'outage', 'provisioning', 'queueWait'] as const;
export type Times = (typeof TIMES)[number];
/** The kinds that are also charted over time. */
export const CHARTED_TIMES = ['detection', 'move'] as const;
export type ChartedTimes = (typeof CHARTED_TIMES)[number];

/** The sums for one rental, or for all of them. */
export interface Account {
  /** Time in which the client was entitled to a machine. */
  servedMs: number;
  /** The part of it without a working one. */
  withoutNodeMs: number;
  /** Outages that began. */
  outages: number;
  /** Moves that ended, for whatever reason they began. */
  moves: number;
  /** Moves off a living node that was being emptied. */
  plannedMoves: number;
  times: Record<Times, number[]>;
}

export function createAccount(): Account {
  return {
    servedMs: 0,
    withoutNodeMs: 0,
    outages: 0,
    moves: 0,
    plannedMoves: 0,
    times: { detection: [], move: [], outage: [], provisioning: [], queueWait: [] },
  };
}

export interface Bucket extends Span {
  /** Milliseconds by state and by phase. */
  nodes: Map<string, number>;
  rentals: Map<string, number>;
  servedMs: number;
  withoutNodeMs: number;
  outages: number;
  moves: number;
  times: Record<ChartedTimes, number[]>;
}

/** The window in buckets, which take spans of time and single events; whatever lies outside is ignored. */
export interface Timeline {
  readonly bucketMs: number;
  readonly buckets: readonly Bucket[];
  contains(atMs: number): boolean;
  /** Calls `put` with each bucket that the span touches and the milliseconds in it. Returns their sum. */
  spread(span: Span, put: (bucket: Bucket, ms: number) => void): number;
  at(atMs: number): Bucket | undefined;
}

export function createTimeline(window: Span): Timeline {
  const { bucketMs, buckets: spans } = splitWindow(window);
  const buckets = spans.map((span) => ({
    ...span,
    nodes: new Map(),
    rentals: new Map(),
    servedMs: 0,
    withoutNodeMs: 0,
    outages: 0,
    moves: 0,
    times: { detection: [], move: [] },
  }));
  const first = Math.floor(window.fromMs / bucketMs);
  const indexOf = (atMs: number) => Math.floor(atMs / bucketMs) - first;
  const contains = (atMs: number) => atMs >= window.fromMs && atMs < window.toMs;
  return {
    bucketMs,
    buckets,
    contains,
    spread(span, put) {
      const inside = clip(span, window);
      if (inside === null) return 0;
      for (let index = indexOf(inside.fromMs); index < buckets.length; index++) {
        const bucket = buckets[index] as Bucket;
        if (bucket.fromMs >= inside.toMs) break;
        put(bucket, Math.min(bucket.toMs, inside.toMs) - Math.max(bucket.fromMs, inside.fromMs));
      }
      return inside.toMs - inside.fromMs;
    },
    at: (atMs) => (contains(atMs) ? buckets[indexOf(atMs)] : undefined),
  };
}

export function addTo(map: Map<string, number>, key: string, amount: number): void {
  map.set(key, (map.get(key) ?? 0) + amount);
}
