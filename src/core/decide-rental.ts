import { RENTAL_BACKOFF } from './backoff.ts';
import type { Breaker } from './breaker.ts';
import type { EventType } from './event.ts';
import type { Node } from './node.ts';
import type { PlacementChoice } from './placement.ts';
import type { Reason } from './reason.ts';
import type { Placement, Rental, RentalPhase } from './rental.ts';

/** Everything that a decision about one rental may look at. */
export interface RentalInputs {
  rental: Rental;
  nodeOf: (name: string) => Node | undefined;
  breaker: Breaker;
  /** Asked only when a node is wanted. */
  choose: () => PlacementChoice;
  /** 1 is next; null when it is not known in this pass. */
  queuePosition: number | null;
  now: Date;
}

/** What becomes of the placements. At most one of these in one save. */
export type PlacementChange =
  | { kind: 'none' }
  | { kind: 'bind'; role: 'serving' | 'incoming'; node: Node }
  /** The incoming placement takes over; the old one ends. */
  | { kind: 'promote'; incoming: Placement; old: Placement; endReason: Reason }
  | { kind: 'end'; placements: Placement[]; endReason: Reason };

export interface RentalDecision {
  change: PlacementChange;
  phase: RentalPhase;
  reason: Reason;
  message: string;
  /** Written to the history when it says something new. */
  event: EventType | null;
  lostAt: Date | null;
  expiresAt: Date | null;
  ended: boolean;
  queuePosition: number | null;
  /** When to look again even if nothing happens. */
  nextDueAt: Date | null;
}

/** What to make of one rental now. Pure: the same inputs give the same decision. */
export function decideRental(inputs: RentalInputs): RentalDecision {
  const { rental } = inputs;
  const live = rental.placements.filter(({ endedAt }) => endedAt === null);
  const serving = live.find(({ role }) => role === 'serving');
  const incoming = live.find(({ role }) => role === 'incoming');
  const expiresAt = computeExpiry(rental, serving);
  const base = createBase(rental, expiresAt);

  const endReason = whyEnd(rental, expiresAt, inputs.now);
  if (endReason) return decideEnd(inputs, base, live, endReason);
  if (!serving) return decidePending(inputs, base);
  const servingNode = inputs.nodeOf(serving.node);
  const isDead = servingNode === undefined || servingNode.record.state === 'dead';
  if (serving.readyAt === null) return decideFirst(base, serving, isDead);
  const leaves = isDead ? 'NodeDead' : mustLeave(servingNode) ? 'NodeDrained' : null;
  const lost = { ...base, lostAt: isDead ? (rental.record.lostAt ?? inputs.now) : null };
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
    queuePosition: null,
    nextDueAt: expiresAt,
  };
}

/** The lease counts from the last renewal, or else from when access was first confirmed anywhere. */
function computeExpiry(rental: Rental, serving: Placement | undefined): Date | null {
  const readyTimes = rental.placements.flatMap(({ readyAt }) => (readyAt ? [readyAt.getTime()] : []));
  const firstReady = readyTimes.length > 0 ? Math.min(...readyTimes) : serving?.readyAt?.getTime();
  if (firstReady === undefined) return null;
  const startsAt = Math.max(rental.renewedAt?.getTime() ?? 0, firstReady);
  return new Date(startsAt + rental.spec.ttlMs);
}

function whyEnd(rental: Rental, expiresAt: Date | null, now: Date): 'ReleaseRequested' | 'Expired' | null {
  if (rental.releaseRequestedAt) return 'ReleaseRequested';
  return expiresAt && expiresAt <= now ? 'Expired' : null;
}

/**
 * Placements end at once, which makes their nodes clean themselves. The rental stays Releasing until access is
 * known to be gone wherever a node can be reached; a dead node does not hold it up, since cleaning is the node's.
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
    return cleanedAt === null && state !== undefined && state !== 'dead' && state !== 'quarantined';
  });
  if (pending.length > 0) {
    return { ...releasing, event: rental.record.phase === 'Releasing' ? null : 'rental.releasing' };
  }
  const message = endReason === 'Expired' ? 'the lease ended' : 'released by the client';
  const reason = endReason === 'Expired' ? 'Expired' : 'Released';
  return { ...releasing, phase: 'Released', reason, message, ended: true, event: 'rental.released' };
}

function decidePending(
  { rental, choose, queuePosition, now }: RentalInputs,
  base: RentalDecision,
): RentalDecision {
  const retryAt = retryTime(rental);
  const pending: RentalDecision = { ...base, phase: 'Pending', queuePosition };
  if (retryAt && retryAt > now) {
    const message = 'the account could not be made; tried again after a pause';
    return { ...pending, reason: 'ProvisionFailed', message, nextDueAt: retryAt, queuePosition: null };
  }
  const choice = choose();
  if (choice.kind === 'node') {
    const message = `the account is being made on ${choice.node.spec.name}`;
    return {
      ...base,
      change: { kind: 'bind', role: 'serving', node: choice.node },
      phase: 'Provisioning',
      reason: 'Provisioning',
      message,
      event: 'rental.placed',
    };
  }
  const message =
    choice.reason === 'Unsatisfiable'
      ? 'no node of the fleet can ever match the selector'
      : 'no healthy free node matches now';
  // A daemon that has just started to lead has not seen its nodes yet: that is no reason to turn a client away.
  if (rental.spec.whenFull === 'reject' && !choice.undecided) {
    const reason = choice.reason === 'Unsatisfiable' ? 'Unsatisfiable' : 'Rejected';
    return {
      ...base,
      phase: 'Failed',
      reason,
      message,
      ended: true,
      event: 'rental.failed',
      nextDueAt: null,
    };
  }
  const isNews = rental.record.conditions.find(({ type }) => type === 'Ready')?.reason !== choice.reason;
  return {
    ...pending,
    reason: choice.reason,
    message,
    queuePosition: choice.reason === 'Unsatisfiable' ? null : queuePosition,
    event: isNews ? 'rental.waiting' : null,
  };
}

/** After two nodes failed it, a rental pauses, longer each time: the fault may be its own. */
function retryTime(rental: Rental): Date | null {
  const failed = rental.placements.filter(({ endReason }) => endReason === 'ProvisionFailed');
  const last = failed.at(-1)?.endedAt;
  if (failed.length < 2 || !last) return null;
  const delayMs = Math.min(RENTAL_BACKOFF.baseMs * 2 ** (failed.length - 2), RENTAL_BACKOFF.maxMs);
  return new Date(last.getTime() + delayMs);
}

/** The first placement is not confirmed yet; if its node dies, it is simply given up for another. */
function decideFirst(base: RentalDecision, serving: Placement, isDead: boolean): RentalDecision {
  if (!isDead) {
    const message = `the account is being made on ${serving.node}`;
    return { ...base, phase: 'Provisioning', reason: 'Provisioning', message };
  }
  return {
    ...base,
    change: { kind: 'end', placements: [serving], endReason: 'NodeDead' },
    phase: 'Pending',
    reason: 'NodeDead',
    message: `${serving.node} died before the account was ready`,
    event: 'rental.placement_failed',
  };
}

function mustLeave(node: Node): boolean {
  return node.wishes.draining || node.spec.retiring;
}

function decideMove(
  { nodeOf, rental }: RentalInputs,
  base: RentalDecision,
  serving: Placement,
  incoming: Placement,
  endReason: Reason,
): RentalDecision {
  if (nodeOf(incoming.node)?.record.state === 'dead') {
    return {
      ...base,
      change: { kind: 'end', placements: [incoming], endReason: 'NodeDead' },
      phase: base.lostAt ? 'Lost' : 'Active',
      reason: 'NodeDead',
      message: `${incoming.node}, where it was to go, died too`,
      event: 'rental.placement_failed',
    };
  }
  if (incoming.readyAt === null) {
    const message = `moving from ${serving.node} to ${incoming.node}`;
    const event = rental.record.phase === 'Migrating' ? null : 'rental.migrating';
    return { ...base, phase: 'Migrating', reason: 'Migrating', message, event };
  }
  return {
    ...base,
    change: { kind: 'promote', incoming, old: serving, endReason },
    phase: 'Active',
    reason: 'Provisioned',
    message: `the account on ${incoming.node} is ready`,
    event: 'rental.migrated',
    lostAt: null,
  };
}

/** Its node is dead or must be emptied, and nothing is incoming yet. */
function decideDeparture(
  { rental, breaker, choose, now }: RentalInputs,
  base: RentalDecision,
  serving: Placement,
  why: 'NodeDead' | 'NodeDrained',
): RentalDecision {
  const stays = (reason: Reason, message: string, dueAt: Date | null = null): RentalDecision => {
    const phase = why === 'NodeDead' ? 'Lost' : 'Active';
    const old = rental.record.conditions.find(({ type }) => type === 'Ready')?.reason;
    const isNews = phase === 'Lost' && (rental.record.phase !== 'Lost' || old !== reason);
    const nextDueAt =
      [dueAt, base.expiresAt].filter((at) => at !== null).toSorted((a, b) => +a - +b)[0] ?? null;
    return { ...base, phase, reason, message, event: isNews ? 'rental.lost' : null, nextDueAt };
  };
  if (why === 'NodeDead') {
    const { action, afterMs } = rental.spec.onNodeLoss;
    if (action === 'wait') return stays('Waiting', `${serving.node} is dead; waiting for it as asked`);
    const graceEndsAt = new Date((base.lostAt as Date).getTime() + afterMs);
    if (graceEndsAt > now) {
      return stays('Waiting', `${serving.node} is dead; moved when the grace ends`, graceEndsAt);
    }
  }
  if (breaker.open) return stays('MigrationHeld', `nobody is moved: ${breaker.message}`);
  const choice = choose();
  if (choice.kind === 'none') {
    const cause = why === 'NodeDead' ? `${serving.node} is dead` : `${serving.node} is to be emptied`;
    return stays('NoFreeNode', `${cause} and no healthy free node matches now`);
  }
  return {
    ...base,
    change: { kind: 'bind', role: 'incoming', node: choice.node },
    phase: 'Migrating',
    reason: 'Migrating',
    message: `moving from ${serving.node} to ${choice.node.spec.name}`,
    event: 'rental.migrating',
  };
}
