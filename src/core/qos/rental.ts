import type { EventType } from '../history/event.ts';
import type { RentalPhase } from '../model/rental.ts';
import { type Account, addTo, createAccount, type Timeline, type Times } from './account.ts';
import type { QosEvent } from './event.ts';
import type { Span } from './time.ts';

/** The health of the node that a rental is on; times in milliseconds UTC. */
export interface NodeHealth {
  /** The first sign of failure; null: it is well. */
  downSinceMs: number | null;
  /** When it was judged dead; null: it is not. */
  deadSinceMs: number | null;
}

export interface RentalTrack {
  readonly id: string;
  readonly tenant: string | null;
  readonly account: Account;
  phase(): RentalPhase;
  /** Null: its creation is no longer in the history. */
  createdAtMs(): number | null;
  /** Null: it has not ended. */
  endedAtMs(): number | null;
  /** The node on which its client has access, or is to get it. */
  node(): string | null;
  /**
   * Takes the rental's next event, in order. `health` is asked for the node that it was on and the one it is on
   * afterwards.
   */
  take(event: QosEvent, health: (node: string | null) => NodeHealth): void;
  /** Its node fails, was judged dead, or is well again. True: it died while the client was entitled to it. */
  nodeChanged(atMs: number, before: NodeHealth, after: NodeHealth): boolean;
  /** Accounts for the time until `atMs`. */
  settle(atMs: number): void;
}

/**
 * Phases in which the client is entitled to a working machine: from the first confirmed access until the rental
 * begins to end.
 */
const SERVED: readonly RentalPhase[] = ['Active', 'Migrating', 'Lost'];
const ENDED: readonly RentalPhase[] = ['Released', 'Failed'];
/** In other events, `node` may be the one that the rental moves to or leaves. */
const NAMES_ITS_NODE: readonly EventType[] = [
  ...(['rental.placed', 'rental.active', 'rental.status'] as const),
  ...(['rental.lost', 'rental.recovered', 'rental.migrated', 'rental.restarted'] as const),
];

/** Follows one rental through the history and adds up its times within the window. */
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
  /** The last outage that is over. */
  let wasDown: Span | null = null;
  /** When its client began to depend on the node. */
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

  /** A rental that ends while it is down never came back, so no outage time is recorded. */
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
   * What ran on the machine ended some time after the last answer, so the rental counts as down from that answer on.
   * If a probe failed meanwhile, that outage gets longer; if none did, this is a new one.
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
      // The clocks of two daemons may differ a little; within one rental, time never goes back.
      const atMs = Math.max(event.atMs, sinceMs ?? event.atMs);
      settle(atMs);
      sinceMs ??= atMs;
      // A creation may be read late, if its daemon's clock is behind the leader's. It undoes nothing that came
      // before it.
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
