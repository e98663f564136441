import type { EventType } from '../history/event.ts';
import type { RentalPhase } from '../model/rental.ts';
import type { Account, Timeline } from './account.ts';
import type { QosEvent } from './event.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { NodeHealth } from './node.ts';
import { createOutages } from './outages.ts';

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
   * Takes the rental's next event, in order. `health` is called for the node before the event and the one after it.
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
  const ledger = createLedger(timeline);
  const outages = createOutages(ledger);
  const wait = createWait(ledger);
  let situation: Situation = { phase: 'Pending', node: null, endedAtMs: null };
  let sinceMs: number | null = null;

  const isServed = () => SERVED.includes(situation.phase);

  function settle(atMs: number): void {
    if (sinceMs === null) return;
    const span = { fromMs: sinceMs, toMs: Math.max(sinceMs, atMs) };
    sinceMs = span.toMs;
    const { phase } = situation;
    if (ENDED.includes(phase)) return;
    ledger.addSpan(span, { phase, isServed: isServed(), isDown: outages.isDown() });
  }

  function judge(atMs: number, { downSinceMs }: NodeHealth): void {
    if (!isServed()) outages.drop();
    else if (situation.phase === 'Lost' || downSinceMs !== null) outages.begin(atMs, downSinceMs ?? atMs);
    else outages.end(atMs);
  }

  return {
    id,
    tenant,
    account: ledger.account,
    phase: () => situation.phase,
    createdAtMs: wait.createdAtMs,
    endedAtMs: () => situation.endedAtMs,
    node: () => situation.node,
    take(event, health) {
      // The clocks of two daemons may differ a little; within one rental, time never goes back.
      const atMs = Math.max(event.atMs, sinceMs ?? event.atMs);
      settle(atMs);
      sinceMs ??= atMs;
      wait.take(event, atMs);
      if (event.type === 'rental.migrated') ledger.addMove(atMs, health(situation.node).deadSinceMs);
      const before = isServed() ? situation.node : null;
      situation = follow(situation, event, atMs);
      const { node } = situation;
      if (isServed()) wait.end();
      if (isServed() && node !== before) outages.dependFrom(atMs);
      judge(atMs, health(node));
      if (isServed() && event.silentSinceMs != null) outages.restart(event.silentSinceMs, atMs);
    },
    nodeChanged(atMs, before, after) {
      settle(atMs);
      if (!isServed()) return false;
      const died = before.deadSinceMs === null && after.deadSinceMs !== null;
      if (died) ledger.addTime('detection', before.downSinceMs ?? atMs, atMs);
      judge(atMs, after);
      return died;
    },
    settle,
  };
}

interface Situation {
  phase: RentalPhase;
  node: string | null;
  endedAtMs: number | null;
}

function follow(before: Situation, { type, node, state }: QosEvent, atMs: number): Situation {
  // A creation may be read late, if its daemon's clock is behind the leader's. It undoes nothing that came before it.
  const changesPhase = state !== null && type !== 'rental.created';
  const phase = changesPhase ? (state as RentalPhase) : before.phase;
  return {
    phase,
    node: NAMES_ITS_NODE.includes(type) && node !== null ? node : before.node,
    endedAtMs: before.endedAtMs ?? (ENDED.includes(phase) ? atMs : null),
  };
}

/** What its client waited for: from the creation of the rental to the first access. */
function createWait(ledger: Ledger) {
  let createdAtMs: number | null = null;
  let placedAtMs: number | null = null;
  let isOver = false;
  return {
    createdAtMs: () => createdAtMs,
    take({ type, atMs: writtenAtMs }: QosEvent, atMs: number): void {
      if (type === 'rental.created') createdAtMs ??= writtenAtMs;
      if (type === 'rental.placed') {
        if (placedAtMs === null && createdAtMs !== null) ledger.addTime('queueWait', createdAtMs, atMs);
        placedAtMs = atMs;
      }
      if (type === 'rental.active' && !isOver && placedAtMs !== null)
        ledger.addTime('provisioning', placedAtMs, atMs);
    },
    /** A later access, such as after a move, is no longer what the client waited for. */
    end(): void {
      isOver = true;
    },
  };
}
