import { NODE_STATES, type NodeState } from '../model/node-states.ts';
import { RENTAL_PHASES, type RentalPhase } from '../model/rental.ts';
import { type Account, type Bucket, CHARTED_TIMES, type ChartedTimes, TIMES, type Times } from './account.ts';
import type { Qos, RentalQos } from './qos.ts';
import { type Distribution, summarizeTimes } from './time.ts';

/** docs/qos.md says what each figure means. Seconds have millisecond precision. */
export interface QosFigures {
  /** 0 to 1; null: no client was entitled to a machine. */
  availability: number | null;
  servedSeconds: number;
  withoutNodeSeconds: number;
  outages: number;
  moves: number;
  plannedMoves: number;
  times: Record<Times, TimesView>;
}

export interface TimesView {
  count: number;
  medianSeconds: number | null;
  p95Seconds: number | null;
  maxSeconds: number | null;
}

export interface RentalQosView extends QosFigures {
  id: string;
  /** Null: the rental itself is gone; only its history is kept. */
  name: string | null;
  tenant: string | null;
  phase: RentalPhase;
  createdAt: string | null;
}

export type OpenPhase = Exclude<RentalPhase, 'Released' | 'Failed'>;
export const OPEN_PHASES = RENTAL_PHASES.filter(
  (phase): phase is OpenPhase => phase !== 'Released' && phase !== 'Failed',
);

export interface QosBucketView {
  from: string;
  /** The first and the last one may be shorter than the others. */
  seconds: number;
  availability: number | null;
  servedSeconds: number;
  withoutNodeSeconds: number;
  outages: number;
  moves: number;
  /** For verdicts and moves that ended in the bucket. */
  times: Record<ChartedTimes, TimesView>;
  /** Average numbers by state and by phase, all of them listed. `nodes` is null unless the scope is the fleet. */
  nodes: Record<NodeState, number> | null;
  rentals: Record<OpenPhase, number>;
}

export interface QosView {
  window: { from: string; to: string; seconds: number };
  scope: QosScope;
  total: QosFigures;
  /** Longest without a node first, then newest first. */
  rentals: RentalQosView[];
  /** Number of rentals in the window, including those not listed. */
  rentalCount: number;
  series: { bucketSeconds: number; buckets: QosBucketView[] };
}

export const QOS_SCOPES = ['fleet', 'tenant', 'rental'] as const;
export type QosScope = (typeof QOS_SCOPES)[number];

export function viewQos(
  qos: Qos,
  scope: QosScope,
  listed: RentalQos[],
  names: ReadonlyMap<string, string>,
): QosView {
  const { window, total, buckets, bucketMs } = qos;
  return {
    window: {
      from: toTime(window.fromMs),
      to: toTime(window.toMs),
      seconds: (window.toMs - window.fromMs) / 1_000,
    },
    scope,
    total: viewAccount(total),
    rentals: listed.map(({ id, tenant, phase, createdAtMs, account }) => ({
      id,
      name: names.get(id) ?? null,
      tenant,
      phase,
      createdAt: createdAtMs === null ? null : toTime(createdAtMs),
      ...viewAccount(account),
    })),
    rentalCount: listAccepted(qos).length,
    series: {
      bucketSeconds: bucketMs / 1_000,
      buckets: buckets.map((bucket) => viewBucket(bucket, scope === 'fleet')),
    },
  };
}

/** Without rentals that were rejected because the fleet was full: only their history entries are kept. */
function listAccepted({ rentals }: Qos): RentalQos[] {
  return rentals.filter(({ phase, account }) => phase !== 'Failed' || account.servedMs > 0);
}

/** The rentals most worth looking at. */
export function chooseRentals(qos: Qos, limit: number): RentalQos[] {
  return listAccepted(qos)
    .toSorted(
      (a, b) =>
        b.account.withoutNodeMs - a.account.withoutNodeMs ||
        (b.createdAtMs ?? 0) - (a.createdAtMs ?? 0) ||
        (a.id < b.id ? -1 : 1),
    )
    .slice(0, limit);
}

function viewAccount({ servedMs, withoutNodeMs, outages, moves, plannedMoves, times }: Account): QosFigures {
  return {
    ...viewServed(servedMs, withoutNodeMs),
    outages,
    moves,
    plannedMoves,
    times: viewKinds(TIMES, times),
  };
}

function viewKinds<Kind extends Times>(kinds: readonly Kind[], times: Record<Kind, number[]>) {
  const views = kinds.map((kind) => [kind, viewTimes(summarizeTimes(times[kind]))]);
  return Object.fromEntries(views) as Record<Kind, TimesView>;
}

function viewServed(servedMs: number, withoutNodeMs: number) {
  return {
    availability: servedMs === 0 ? null : 1 - withoutNodeMs / servedMs,
    servedSeconds: servedMs / 1_000,
    withoutNodeSeconds: withoutNodeMs / 1_000,
  };
}

function viewTimes({ count, medianMs, p95Ms, maxMs }: Distribution): TimesView {
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);
  return { count, medianSeconds: seconds(medianMs), p95Seconds: seconds(p95Ms), maxSeconds: seconds(maxMs) };
}

function viewBucket(bucket: Bucket, isFleet: boolean): QosBucketView {
  const { fromMs, toMs, servedMs, withoutNodeMs, outages, moves } = bucket;
  const average = <Key extends string>(keys: readonly Key[], ms: ReadonlyMap<string, number>) => {
    // Three digits are as many as a chart can show.
    const entries = keys.map((key) => [
      key,
      Math.round((1_000 * (ms.get(key) ?? 0)) / (toMs - fromMs)) / 1_000,
    ]);
    return Object.fromEntries(entries) as Record<Key, number>;
  };
  return {
    from: toTime(fromMs),
    seconds: (toMs - fromMs) / 1_000,
    ...viewServed(servedMs, withoutNodeMs),
    outages,
    moves,
    times: viewKinds(CHARTED_TIMES, bucket.times),
    nodes: isFleet ? average(NODE_STATES, bucket.nodes) : null,
    rentals: average(OPEN_PHASES, bucket.rentals),
  };
}

function toTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
