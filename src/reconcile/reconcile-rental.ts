import { describeFlapping } from '../core/health/flapping.ts';
import { type Condition, setCondition } from '../core/model/condition.ts';
import { accessOf, computeExpiry } from '../core/model/lease.ts';
import { noteFill } from '../core/model/listener-fill.ts';
import type { Node } from '../core/model/node.ts';
import { nextState } from '../core/model/node-machine.ts';
import type { Placement, Rental, RentalRecord } from '../core/model/rental.ts';
import { setRestarted } from '../core/model/restart.ts';
import type { Save } from '../core/ports/stores.ts';
import { decideRental } from '../core/rental/decide.ts';
import type { QueuePlace, RentalDecision } from '../core/rental/decision.ts';
import { describeRental } from '../core/rental/events.ts';
import { computeTurn, listMoves } from '../core/rental/move-turn.ts';
import { measureStep } from '../core/rental/steps.ts';
import { type Candidate, choosePlacement } from '../core/scheduling/placement.ts';
import { describePlacement } from '../core/scheduling/placement-decision.ts';
import { commit } from './commit.ts';
import type { Context } from './context.ts';
import { isSeenDrifted } from './observe-drift.ts';

export interface Look {
  /** The API wrote it since it was last seen, which is acknowledged even when nothing else changes. */
  isDirty: boolean;
  /** Its place among those that wait; null when it has none. */
  place: QueuePlace | null;
  /** What it may choose from; left out: all nodes, as they are at that moment. */
  candidates?: Candidate[];
  /** So many pickier rentals wait for a node like this; left out: none does. */
  pickier?: (node: Node) => number;
}

/**
 * One look at one rental: decide, save, mark what has to follow. False: the save lost against another write, and the
 * rental is due again.
 */
export async function reconcileRental(
  rental: Rental,
  context: Context,
  { isDirty, place, candidates: offered, pickier = () => 0 }: Look,
): Promise<boolean> {
  const { fleet, due, clock, policy } = context;
  const now = clock.now();
  let candidates: Candidate[] = [];
  const decision = decideRental({
    rental,
    nodeOf: fleet.node,
    // Only a departure looks at it.
    get breaker() {
      return context.breaker();
    },
    isOverridden: context.controls.isOverridden,
    pause: context.controls.pause(),
    choose: () => {
      candidates = (offered ?? listCandidates(context)).map((each) => ({
        ...each,
        pickier: pickier(each.node),
      }));
      return choosePlacement(rental, candidates, now);
    },
    turn: (isUrgent) => computeTurn(listMoves(fleet.rentals(), fleet.node), isUrgent, policy().migrate, now),
    place,
    policy: policy(),
    now,
  });
  const record = recordOf(rental, decision, noteFill(rental, context.watcher.fill, now), now);
  if (decision.nextDueAt) due.markAt(`rental/${rental.id}`, decision.nextDueAt);
  if (record === rental.record && decision.change.kind === 'none' && !isDirty) return true;

  const change = applyChange(rental, decision, now);
  if (change.bound && decision.change.kind === 'bind') {
    const { node } = decision.change;
    change.bound.decision = describePlacement(rental, node, candidates, context.breaker(), now);
  }
  const step = measureStep(rental, decision, fleet.node, now);
  const fence = await commit(context, {
    ...change.save,
    rentals: [
      {
        id: rental.id,
        record,
        seenGeneration: rental.generation,
        seenReleaseRequested: rental.releaseRequestedAt !== null,
      },
    ],
    events: describeRental(
      { rental, record, decision, placementsAfter: change.placementsAfter },
      fleet.node,
      now,
    ),
  });
  if (fence === 'conflict') return false;
  if (step) context.metrics.stepped(step);
  if (change.bound) {
    const { node, account, uid } = change.bound;
    const access = accessOf(rental, now);
    const work = { kind: 'ensureAccess', epoch: fence, account, uid, ...access } as const;
    context.start(node, work, fence);
  }
  return true;
}

export function listCandidates(context: Context): Candidate[] {
  const { fleet, watcher, policy, clock } = context;
  const now = clock.now();
  return fleet.nodes().map((node) => {
    const health = watcher.health(node.spec.name);
    return {
      node,
      health,
      occupied: fleet.livePlacement(node.spec.name) !== undefined,
      drifted: isSeenDrifted(node, context),
      keyShared: fleet.rivalOf(node) !== null,
      flapping: describeFlapping(node.record, health, policy().probe, now) !== null,
    };
  });
}

/** The record to save; the same object when nothing changed. */
function recordOf(rental: Rental, decision: RentalDecision, noted: Condition[], now: Date): RentalRecord {
  const old = rental.record;
  const { phase, reason, message, lostAt, expiresAt, toldBeforeEndMs, place } = decision;
  // While it is paused, a lease that is over is still to be ended; the node lets nobody in any more.
  const isOver = expiresAt !== null && expiresAt <= now;
  const isReady = !isOver && (phase === 'Active' || (phase === 'Migrating' && lostAt === null));
  const next: RentalRecord = {
    ...old,
    phase,
    lostAt,
    expiresAt,
    toldBeforeEndMs,
    queuePosition: place?.position ?? null,
    queueEstimateAt: place?.estimateAt ?? null,
    observedGeneration:
      decision.observes && isSpecApplied(rental) ? rental.generation : old.observedGeneration,
    conditions: setCondition(
      // What ends is not told of it, and if another placement does the next pass tells.
      decision.change.kind === 'end' ? noted : setRestarted(noted, decision.restart),
      { type: 'Ready', status: isReady ? 'True' : 'False', reason, message },
      now,
    ),
    endedAt: decision.ended ? now : old.endedAt,
  };
  const isSame = (Object.keys(next) as (keyof RentalRecord)[]).every((key) =>
    next[key] instanceof Date ? +next[key] === +(old[key] ?? 0) : next[key] === old[key],
  );
  return isSame ? old : next;
}

/**
 * The key and the end of the lease are what takes work on a node. A later end there than the lease's own, as after a
 * ttl that was made shorter, takes nothing from the client, and is put right without him.
 */
function isSpecApplied(rental: Rental): boolean {
  const ready = rental.placements.filter(({ endedAt, readyAt }) => endedAt === null && readyAt !== null);
  const end = computeExpiry(rental)?.getTime() ?? 0;
  return ready.every(
    ({ appliedKey, appliedExpiresAt }) =>
      appliedKey === rental.spec.sshPublicKey && end <= (appliedExpiresAt?.getTime() ?? Infinity),
  );
}

type NewPlacement = NonNullable<Save['bind']>;

interface Change {
  save: Pick<Save, 'nodes' | 'bind' | 'placements'>;
  bound: NewPlacement | null;
  /** The rental's placements after the save, for its snapshot; a new one needs the epoch. */
  placementsAfter: (fence: number) => Placement[];
}

function applyChange(rental: Rental, { change }: RentalDecision, now: Date): Change {
  const { placements } = rental;
  switch (change.kind) {
    case 'none':
      return { save: {}, bound: null, placementsAfter: () => placements };
    case 'bind':
      return bindTo(rental, change.node, change.role, now);
    case 'end': {
      const set = { endedAt: now, endReason: change.endReason };
      const ended = new Set(change.placements.map(({ epoch }) => epoch));
      return {
        save: { placements: [...ended].map((epoch) => ({ epoch, set })) },
        bound: null,
        placementsAfter: () => placements.map((p) => (ended.has(p.epoch) ? { ...p, ...set } : p)),
      };
    }
    case 'promote': {
      const { incoming, old, endReason } = change;
      const ended = { endedAt: now, endReason };
      const changes = [
        { epoch: old.epoch, set: ended },
        // After the old one has ended: a rental has at most one serving placement at any moment.
        { epoch: incoming.epoch, set: { role: 'serving' as const } },
      ];
      const after = placements.map((p) => ({ ...p, ...changes.find(({ epoch }) => epoch === p.epoch)?.set }));
      return {
        save: { placements: changes },
        bound: null,
        placementsAfter: () => after,
      };
    }
  }
}

function bindTo(rental: Rental, node: Node, role: 'serving' | 'incoming', now: Date): Change {
  const { record, spec } = node;
  const bound: NewPlacement = {
    rentalId: rental.id,
    node: spec.name,
    role,
    account: rental.account,
    uid: record.nextUid,
    startedAt: now,
  };
  const nodeRecord = {
    ...record,
    state: nextState(record.state, { type: 'bound' }),
    stateSince: now,
    attempt: 0,
    nextAttemptAt: null,
    nextUid: record.nextUid + 1,
  };
  const unset = {
    readyAt: null,
    appliedKey: null,
    appliedExpiresAt: null,
    endedAt: null,
    endReason: null,
    cleanedAt: null,
  };
  return {
    save: { nodes: [{ name: spec.name, record: nodeRecord }], bind: bound },
    bound,
    placementsAfter: (fence) => [...rental.placements, { ...bound, ...unset, epoch: fence }],
  };
}
