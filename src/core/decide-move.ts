import type { Breaker } from './breaker.ts';
import type { Node } from './node.ts';
import type { Reason } from './reason.ts';
import type { Placement } from './rental.ts';
import type { RentalDecision, RentalInputs } from './rental-decision.ts';

/** An operator or the inventory wants the node empty. */
export function mustLeave(node: Node): boolean {
  return node.wishes.draining || node.spec.retiring;
}

/** While so much fails at once, no placement ends for it: its node is as likely to come back as any other. */
export function heldBy({ message }: Breaker): { reason: Reason; message: string } {
  return { reason: 'MigrationHeld', message: `nobody is moved: ${message}` };
}

/** Access elsewhere is being made, or is there: then the old placement ends in the same save. */
export function decideMove(
  { nodeOf, rental, breaker }: RentalInputs,
  base: RentalDecision,
  serving: Placement,
  incoming: Placement,
  endReason: Reason,
): RentalDecision {
  if (nodeOf(incoming.node)?.record.state === 'dead') {
    if (breaker.open) return { ...base, phase: 'Migrating', ...heldBy(breaker) };
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
export function decideDeparture(
  { rental, breaker, choose, now }: RentalInputs,
  base: RentalDecision,
  serving: Placement,
  { why, isUnwanted }: { why: 'NodeDead' | 'NodeDrained'; isUnwanted: boolean },
): RentalDecision {
  const stays = (reason: Reason, message: string, dueAt: Date | null = null): RentalDecision => {
    const phase = why === 'NodeDead' ? 'Lost' : 'Active';
    const old = rental.record.conditions.find(({ type }) => type === 'Ready')?.reason;
    const isNews = phase === 'Lost' && (rental.record.phase !== 'Lost' || old !== reason);
    const nextDueAt =
      [dueAt, base.expiresAt].filter((at) => at !== null).toSorted((a, b) => +a - +b)[0] ?? null;
    return { ...base, phase, reason, message, event: isNews ? 'rental.lost' : null, nextDueAt };
  };
  // A node that its operator wants empty is not waited for: nobody says that it comes back.
  if (why === 'NodeDead' && !isUnwanted) {
    const { action, afterMs } = rental.spec.onNodeLoss;
    if (action === 'wait') return stays('Waiting', `${serving.node} is dead; waiting for it as asked`);
    const graceEndsAt = new Date((base.lostAt as Date).getTime() + afterMs);
    if (graceEndsAt > now) {
      return stays('Waiting', `${serving.node} is dead; moved when the grace ends`, graceEndsAt);
    }
  }
  if (breaker.open) {
    const { reason, message } = heldBy(breaker);
    return stays(reason, message);
  }
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
