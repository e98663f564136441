import type { Reason } from '../core/failure/reason.ts';
import type { Condition } from '../core/model/condition.ts';
import type { NodeState } from '../core/model/node-states.ts';
import { SPEC_DEFAULTS } from '../core/model/rental.ts';
import { TIMES } from '../core/qos/account.ts';
import type { QosView } from '../core/qos/view.ts';
import type { NodeView } from '../core/view/node-view.ts';
import { type RentalView, viewSpec } from '../core/view/rental-view.ts';
import type { EventView } from './event-look.ts';
import type { PoolState } from './pool-state.ts';

// Objects as the API returns them, for the tests of the dashboard.

export const AT = '2026-01-02T03:04:05.000Z';
export const atSecond = (s: number) => new Date(Date.parse(AT) + s * 1_000).toISOString();

export function nodeOf(
  name: string,
  options: {
    state?: NodeState;
    zone?: string | null;
    labels?: Record<string, string>;
    rental?: string | null;
    failing?: 'DialTimeout' | 'EchoTimeout';
    unschedulable?: boolean;
    draining?: boolean;
  } = {},
): NodeView {
  const { state = 'free', zone = 'rack-a', labels = {}, rental = null, failing } = options;
  const status = failing ? 'False' : 'True';
  return {
    name,
    generation: 1,
    spec: {
      host: '10.0.0.9',
      port: 22,
      hostKey: null,
      zone,
      labels,
      retiring: false,
      unschedulable: options.unschedulable ?? false,
      draining: options.draining ?? false,
      maintenance: null,
    },
    status: {
      observedGeneration: 1,
      status: state === 'dead' ? 'dead' : 'alive',
      allocated: rental !== null,
      state,
      stateSince: AT,
      unreachableSince: failing ? AT : null,
      rental,
      lastChecked: AT,
      hostKey: null,
      offeredFingerprint: null,
      otherFleet: null,
      differences: null,
      nextAttemptAt: null,
      limits: null,
      conditions: [
        { type: 'Reachable', status, reason: failing ?? 'Alive', message: '', lastTransitionTime: AT },
      ],
    },
  };
}

export function rentalOf(id: string, changes: Partial<RentalView['status']> = {}): RentalView {
  return {
    id,
    name: `name-${id}`,
    tenant: 'anna',
    generation: 1,
    createdAt: AT,
    spec: viewSpec({ ...SPEC_DEFAULTS, sshPublicKey: 'ssh-ed25519 AAAA', ttlMs: 6 * 3_600_000 }),
    status: {
      phase: 'Active',
      observedGeneration: 1,
      node: null,
      expiresAt: null,
      queuePosition: null,
      queueEstimateAt: null,
      restart: null,
      connection: null,
      conditions: [],
      placements: [],
      ...changes,
    },
  };
}

export function eventOf(seq: number, type: EventView['type'], changes: Partial<EventView> = {}): EventView {
  return {
    seq,
    at: atSecond(seq),
    type,
    rental: null,
    node: null,
    tenant: null,
    reason: 'Accepted',
    message: 'x',
    actor: null,
    ...changes,
  };
}

export function readyOf(reason: Reason, message = ''): Condition {
  return { type: 'Ready', status: 'False', reason, message, lastTransitionTime: AT };
}

/** `isOpen`: the breaker has been open since the tenth second. */
export function poolOf({ isOpen = false, pause = null, override = null }: PoolOptions = {}): PoolState {
  const moves = {
    type: 'MovesAllowed',
    status: isOpen ? ('False' as const) : ('True' as const),
    reason: isOpen ? ('MigrationHeld' as const) : ('MigrationResumed' as const),
    message: isOpen ? '2 of 3 nodes are unhealthy' : 'rentals are moved when their node dies',
    lastTransitionTime: atSecond(10),
  };
  const paused = {
    type: 'Paused',
    status: pause ? ('True' as const) : ('False' as const),
    reason: pause ? ('Paused' as const) : ('Resumed' as const),
    message: '',
    lastTransitionTime: AT,
  };
  return { conditions: [moves, paused], pause, override };
}

type PoolOptions = Partial<Pick<PoolState, 'pause' | 'override'>> & { isOpen?: boolean };

/** `shares`: the availability of each part of the window. */
export function createQosView(shares: (number | null)[]): QosView {
  const none = { count: 0, medianSeconds: null, p95Seconds: null, maxSeconds: null };
  const figures = { servedSeconds: 0, withoutNodeSeconds: 0, outages: 0, moves: 0 };
  const rentals = { Pending: 0, Provisioning: 0, Active: 0, Migrating: 0, Lost: 0, Releasing: 0 };
  const buckets = shares.map((availability, i) => ({
    from: atSecond(i * 60),
    seconds: 60,
    availability,
    ...figures,
    times: { detection: none, move: none },
    nodes: null,
    rentals,
  }));
  const times = Object.fromEntries(TIMES.map((kind) => [kind, none])) as QosView['total']['times'];
  return {
    window: { from: AT, to: atSecond(shares.length * 60), seconds: shares.length * 60 },
    scope: 'fleet',
    rentals: [],
    rentalCount: 0,
    total: { ...figures, availability: 0.99, plannedMoves: 0, times },
    series: { bucketSeconds: 60, buckets },
  };
}
