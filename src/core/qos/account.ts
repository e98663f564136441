import { clip, type Span, splitWindow } from './time.ts';

/** The kinds of times of which the distribution is told. */
export const TIMES = ['detection', 'move', 'outage', 'provisioning', 'queueWait'] as const;
export type Times = (typeof TIMES)[number];
/** Those that are told over time as well. */
export const CHARTED_TIMES = ['detection', 'move'] as const;
export type ChartedTimes = (typeof CHARTED_TIMES)[number];

/** What is added up of one rental, or of all. */
export interface Account {
  /** In which a client was to have a machine. */
  servedMs: number;
  /** Of these, in which he had none that worked. */
  withoutNodeMs: number;
  /** That began. */
  outages: number;
  /** That came to an end, whyever they began. */
  moves: number;
  /** Of these, from a node that was alive: to be emptied. */
  plannedMoves: number;
  times: Record<Times, number[]>;
}

export function createAccount(): Account {
  return {
    ...{ servedMs: 0, withoutNodeMs: 0, outages: 0, moves: 0, plannedMoves: 0 },
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

/** The window in buckets, into which spans of time and single events are put; what lies outside is left out. */
export interface Timeline {
  readonly bucketMs: number;
  readonly buckets: readonly Bucket[];
  contains(atMs: number): boolean;
  /** Calls with each bucket that the span touches and the milliseconds in it; gives back their sum. */
  spread(span: Span, put: (bucket: Bucket, ms: number) => void): number;
  at(atMs: number): Bucket | undefined;
}

export function createTimeline(window: Span): Timeline {
  const { bucketMs, buckets: spans } = splitWindow(window);
  const buckets = spans.map((span) => ({
    ...span,
    ...{ nodes: new Map(), rentals: new Map(), servedMs: 0, withoutNodeMs: 0, outages: 0, moves: 0 },
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
