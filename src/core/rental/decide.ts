import type { EventType } from '../history/event.ts';
import { computeExpiry } from '../model/lease.ts';
import { isDeadState, STATES } from '../model/node-states.ts';
import type { Placement, Rental } from '../model/rental.ts';
import { findRestart } from '../model/restart.ts';
import { decideDeparture, decideMove, whyHeld } from './decide-move.ts';
import { decidePending } from './decide-pending.ts';
import type { RentalDecision, RentalInputs } from './decision.ts';
import { isDead, whyLeave } from './departure.ts';
import { tellOfEnd } from './expiring.ts';
import { holdWhilePaused } from './paused.ts';

/** Decides what happens to one rental now. Pure: the same inputs give the same decision. */
export function decideRental(inputs: RentalInputs): RentalDecision {
  const decision = decideUnpaused(inputs);
  return inputs.pause ? holdWhilePaused(decision, inputs, inputs.pause) : decision;
}

function decideUnpaused(inputs: RentalInputs): RentalDecision {
  const { rental } = inputs;
  const live = rental.placements.filter(({ endedAt }) => endedAt === null);
  const serving = live.find(({ role }) => role === 'serving');
  const incoming = live.find(({ role }) => role === 'incoming');
  const expiresAt = computeExpiry(rental);
  const base = createBase(rental, expiresAt);
  if (serving) base.restart = findRestart(serving, inputs.nodeOf(serving.node));

  const endReason = whyEnd(rental, expiresAt, inputs.now);
  if (endReason) return decideEnd(inputs, base, live, endReason);
  if (!serving) return decidePending(inputs, base);
  const servingNode = inputs.nodeOf(serving.node);
  const leaves = whyLeave(servingNode);
  if (serving.readyAt === null) return decideFirst(inputs, base, serving, isDead(servingNode));
  return tellOfEnd(inputs, decideServed(inputs, base, serving, incoming, leaves));
}

/** The client got access to the serving node, which may have died since. */
function decideServed(
  inputs: RentalInputs,
  base: RentalDecision,
  serving: Placement,
  incoming: Placement | undefined,
  leaves: ReturnType<typeof whyLeave>,
): RentalDecision {
  const { rental } = inputs;
  const lost = { ...base, lostAt: leaves === 'NodeDead' ? (rental.record.lostAt ?? inputs.now) : null };
  if (incoming) return decideMove(inputs, lost, serving, incoming, leaves ?? 'Moved');
  if (leaves) return decideDeparture(inputs, lost, serving, leaves);
  return {
    ...base,
    phase: 'Active',
    reason: 'Provisioned',
    message: `the account on ${serving.node} is ready`,
    event: activeEvent(rental),
  };
}

function activeEvent(rental: Rental): EventType | null {
  if (rental.record.phase === 'Active') return null;
  return rental.record.lostAt ? 'rental.recovered' : 'rental.active';
}

function createBase(rental: Rental, expiresAt: Date | null): RentalDecision {
  return {
    change: { kind: 'none' },
    phase: rental.record.phase,
    reason: 'Accepted',
    message: '',
    event: null,
    lostAt: null,
    expiresAt,
    ended: false,
    expiring: null,
    restart: null,
    toldBeforeEndMs: rental.record.toldBeforeEndMs,
    place: null,
    nextDueAt: expiresAt,
    observes: true,
  };
}

function whyEnd(rental: Rental, expiresAt: Date | null, now: Date): 'ReleaseRequested' | 'Expired' | null {
  if (rental.releaseRequestedAt) return 'ReleaseRequested';
  return expiresAt && expiresAt <= now ? 'Expired' : null;
}

/**
 * Placements end at once, so their nodes get cleaned. The rental stays Releasing until access is known to be gone
 * from every node that can be reached. A dead or quarantined node does not hold it up: cleaning is the node's.
 */
function decideEnd(
  { rental, nodeOf }: RentalInputs,
  base: RentalDecision,
  live: Placement[],
  endReason: 'ReleaseRequested' | 'Expired',
): RentalDecision {
  const releasing: RentalDecision = {
    ...base,
    phase: 'Releasing',
    reason: endReason === 'Expired' ? 'Expired' : 'Releasing',
    message: 'access is being removed',
    nextDueAt: null,
  };
  if (live.length > 0) {
    const event = endReason === 'Expired' ? 'rental.expired' : 'rental.releasing';
    return { ...releasing, change: { kind: 'end', placements: live, endReason }, event };
  }
  const pending = rental.placements.filter(({ cleanedAt, node }) => {
    const state = nodeOf(node)?.record.state;
    if (cleanedAt !== null || state === undefined) return false;
    return !isDeadState(state) && STATES[state].work !== 'cleanSlowly';
  });
  if (pending.length > 0) {
    return { ...releasing, event: rental.record.phase === 'Releasing' ? null : 'rental.releasing' };
  }
  const message = endReason === 'Expired' ? 'the lease ended' : 'released by the client';
  const reason = endReason === 'Expired' ? 'Expired' : 'Released';
  return { ...releasing, phase: 'Released', reason, message, ended: true, event: 'rental.released' };
}

/** The first placement is not confirmed yet. If its node dies outside a mass failure, the rental gives it up. */
function decideFirst(
  inputs: RentalInputs,
  base: RentalDecision,
  serving: Placement,
  hasDied: boolean,
): RentalDecision {
  if (!hasDied) {
    const message = `the account is being made on ${serving.node}`;
    return { ...base, phase: 'Provisioning', reason: 'Provisioning', message };
  }
  const hold = whyHeld(inputs, serving.node);
  if (hold) return { ...base, phase: 'Provisioning', ...hold };
  return {
    ...base,
    change: { kind: 'end', placements: [serving], endReason: 'NodeDead' },
    phase: 'Pending',
    reason: 'NodeDead',
    message: `${serving.node} died before the account was ready`,
    event: 'rental.placement_failed',
  };
}
