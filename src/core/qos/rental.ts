import type { EventType } from '../history/event.ts';
import type { RentalPhase } from '../model/rental.ts';
import { type Account, addTo, createAccount, type Timeline, type Times } from './account.ts';
import type { QosEvent } from './event.ts';
import type { Span } from './time.ts';

/** What is known of the node that a rental is on; times in milliseconds UTC. */
export interface NodeHealth {
  /** The first sign that it fails; null: it is well. */
  downSinceMs: number | null;
  /** When it was judged dead; null: it is not. */
  deadSinceMs: number | null;
}

export interface RentalTrack {
  readonly id: string;
  readonly tenant: string | null;
  readonly account: Account;
  phase(): RentalPhase;
  /** Null: that is no longer in the history. */
  createdAtMs(): number | null;
  /** Null: it has not ended. */
  endedAtMs(): number | null;
  /** The node on which its client has access, or is to get it. */
  node(): string | null;
  /** Call with what the history says of it, in order. `health`: of the node that it was on, and is on afterwards. */
  take(event: QosEvent, health: (node: string | null) => NodeHealth): void;
  /** Its node fails, was judged dead, or is well again. True: it died under a client who was to have it. */
  nodeChanged(atMs: number, before: NodeHealth, after: NodeHealth): boolean;
  /** Accounts for the time until now. */
  settle(atMs: number): void;
}

/** In which a client is to have a machine that works: from when access was confirmed first until the end is begun. */
const SERVED: readonly RentalPhase[] = ['Active', 'Migrating', 'Lost'];
const ENDED: readonly RentalPhase[] = ['Released', 'Failed'];
/** Of other types the node may be the one that it is to go to, or to leave. */
const NAMES_ITS_NODE: readonly EventType[] = [
  ...(['rental.placed', 'rental.active', 'rental.status'] as const),
  ...(['rental.lost', 'rental.recovered', 'rental.migrated', 'rental.restarted'] as const),
];

/** Follows one rental through the history and adds up its times, as far as they lie in the window. */
export function createRentalTrack(id: string, tenant: string | null, timeline: Timeline): RentalTrack {
  const account = createAccount();
  let phase: RentalPhase = 'Pending';
  let node: string | null = null;
  let sinceMs: number | null = null;
  let createdAtMs: number | null = null;
  let placedAtMs: number | null = null;
  let endedAtMs: number | null = null;
  let wasServed = false;
  let downSinceMs: number | null = null;
  /** The last time that it was without a machine, once that was over. */
  let wasDown: Span | null = null;
  /** Since when its client has depended on the node. */
  let dependsSinceMs = 0;

  const isServed = () => SERVED.includes(phase);

  function record(kind: Times, fromMs: number, atMs: number): void {
    if (timeline.contains(atMs)) account.times[kind].push(Math.max(0, atMs - fromMs));
  }

  function settle(atMs: number): void {
    if (sinceMs === null) return;
    const span = { fromMs: sinceMs, toMs: Math.max(sinceMs, atMs) };
    const [served, isDown] = [isServed(), downSinceMs !== null];
    sinceMs = span.toMs;
    if (ENDED.includes(phase)) return;
    const ms = timeline.spread(span, (bucket, part) => {
      addTo(bucket.rentals, phase, part);
      if (served) bucket.servedMs += part;
      if (isDown) bucket.withoutNodeMs += part;
    });
    if (served) account.servedMs += ms;
    if (isDown) account.withoutNodeMs += ms;
  }

  /** One that ends while it is down has not come back: that is no time of an outage. */
  function setDown(isDown: boolean, atMs: number, { downSinceMs: failsSinceMs }: NodeHealth): void {
    if (isDown === (downSinceMs !== null)) return;
    if (isDown) {
      // A node that failed before the rental came to depend on it has cost it nothing until then.
      downSinceMs = Math.min(Math.max(failsSinceMs ?? atMs, dependsSinceMs), atMs);
      countOutage(atMs);
      return;
    }
    if (downSinceMs !== null && isServed()) {
      record('outage', downSinceMs, atMs);
      wasDown = { fromMs: downSinceMs, toMs: atMs };
    }
    downSinceMs = null;
  }

  function countOutage(atMs: number): void {
    const bucket = timeline.at(atMs);
    if (!bucket) return;
    account.outages++;
    bucket.outages++;
  }

  /**
   * What ran on its machine ended somewhere behind the last answer: from there on it was without one, whether a probe
   * failed meanwhile (then it is one outage, and a longer one) or none did.
   */
  function noteRestart(silentSinceMs: number, atMs: number): void {
    const fromMs = Math.max(silentSinceMs, dependsSinceMs);
    const known = downSinceMs === null ? wasDown : { fromMs: downSinceMs, toMs: atMs };
    const isKnown = known !== null && known.toMs > fromMs;
    const toMs = isKnown ? known.fromMs : atMs;
    if (fromMs >= toMs) return;
    account.withoutNodeMs += timeline.spread({ fromMs, toMs }, (bucket, part) => {
      bucket.withoutNodeMs += part;
    });
    if (downSinceMs !== null) downSinceMs = fromMs;
    else if (!isKnown) {
      countOutage(atMs);
      record('outage', fromMs, atMs);
      wasDown = { fromMs, toMs };
    } else {
      wasDown = { fromMs, toMs: known.toMs };
      if (timeline.contains(known.toMs))
        account.times.outage[account.times.outage.length - 1] = known.toMs - fromMs;
    }
  }

  function noteSteps(event: QosEvent, atMs: number, old: NodeHealth): void {
    if (event.type === 'rental.created') createdAtMs ??= event.atMs;
    if (event.type === 'rental.placed') {
      if (placedAtMs === null && createdAtMs !== null) record('queueWait', createdAtMs, atMs);
      placedAtMs = atMs;
    }
    if (event.type === 'rental.active' && !wasServed && placedAtMs !== null)
      record('provisioning', placedAtMs, atMs);
    if (event.type === 'rental.migrated') noteMove(atMs, old);
  }

  function noteMove(atMs: number, old: NodeHealth): void {
    if (old.deadSinceMs !== null) record('move', old.deadSinceMs, atMs);
    const bucket = timeline.at(atMs);
    if (!bucket) return;
    if (old.deadSinceMs !== null) bucket.times.move.push(Math.max(0, atMs - old.deadSinceMs));
    account.moves++;
    bucket.moves++;
    if (old.deadSinceMs === null) account.plannedMoves++;
  }

  return {
    id,
    tenant,
    account,
    phase: () => phase,
    createdAtMs: () => createdAtMs,
    endedAtMs: () => endedAtMs,
    node: () => node,
    take(event, health) {
      // Clocks of two daemons may differ a little: within one rental time never goes back.
      const atMs = Math.max(event.atMs, sinceMs ?? event.atMs);
      settle(atMs);
      sinceMs ??= atMs;
      // It is read late, where a daemon's clock is behind the leader's; nothing before it is undone.
      const isBirth = event.type === 'rental.created';
      noteSteps(event, atMs, health(node));
      const before = isServed() ? node : null;
      if (NAMES_ITS_NODE.includes(event.type) && event.node !== null) node = event.node;
      if (event.state !== null && !isBirth) phase = event.state as RentalPhase;
      if (ENDED.includes(phase)) endedAtMs ??= atMs;
      if (isServed() && node !== before) dependsSinceMs = atMs;
      wasServed ||= isServed();
      setDown(isServed() && (phase === 'Lost' || health(node).downSinceMs !== null), atMs, health(node));
      if (isServed() && event.silentSinceMs != null) noteRestart(event.silentSinceMs, atMs);
    },
    nodeChanged(atMs, before, after) {
      settle(atMs);
      if (!isServed()) return false;
      const died = before.deadSinceMs === null && after.deadSinceMs !== null;
      if (died) record('detection', before.downSinceMs ?? atMs, atMs);
      setDown(phase === 'Lost' || after.downSinceMs !== null, atMs, after);
      return died;
    },
    settle,
  };
}
