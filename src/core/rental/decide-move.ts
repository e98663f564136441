import type { Reason } from '../failure/reason.ts';
import { isDeadState } from '../model/node-states.ts';
import type { Placement } from '../model/rental.ts';
import type { RentalDecision, RentalInputs } from './decision.ts';
import { mustLeave } from './departure.ts';
import { describeDiscipline } from './move-turn.ts';
import { isPardoned, suspect } from './suspicion.ts';

/**
 * During a mass failure no placement ends because its node is unhealthy: the node is as likely to come back as any
 * other. Null when the breaker is closed, or an operator has overridden it for this node.
 */
export function whyHeld(
  { breaker, isOverridden }: Pick<RentalInputs, 'breaker' | 'isOverridden'>,
  node: string,
): { reason: Reason; message: string } | null {
  if (!breaker.open || isOverridden(node)) return null;
  return { reason: 'MigrationHeld', message: `no rental is moved: ${breaker.message}` };
}

/** A move has begun. Once its access is ready, the new placement takes over and the old one ends in the same save. */
export function decideMove(
  inputs: RentalInputs,
  base: RentalDecision,
  serving: Placement,
  incoming: Placement,
  endReason: Reason,
): RentalDecision {
  const { nodeOf, rental } = inputs;
  const target = nodeOf(incoming.node);
  if (target && isDeadState(target.record.state)) {
    const hold = whyHeld(inputs, incoming.node);
    if (hold) return { ...base, phase: 'Migrating', ...hold };
    return {
      ...base,
      change: { kind: 'end', placements: [incoming], endReason: 'NodeDead' },
      phase: base.lostAt ? 'Lost' : 'Active',
      reason: 'NodeDead',
      message: `${incoming.node}, the target of the move, died too`,
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
    restart: null,
  };
}

/** The serving node is dead or must be emptied, and no move has begun. */
export function decideDeparture(
  inputs: RentalInputs,
  base: RentalDecision,
  serving: Placement,
  why: 'NodeDead' | 'NodeDrained',
): RentalDecision {
  const { rental, choose, now, policy } = inputs;
  const found = suspect(rental, policy, now);
  // A client who has access kills no node by being moved. Only a suspected spec keeps a rental on a drained node.
  const suspicion = found?.reason !== 'RentalSuspected' && why === 'NodeDrained' ? null : found;
  const stays = (reason: Reason, message: string, dueAt: Date | null = null): RentalDecision => {
    const phase = why === 'NodeDead' ? 'Lost' : 'Active';
    const nextDueAt =
      [dueAt, base.expiresAt].filter((at) => at !== null).toSorted((a, b) => +a - +b)[0] ?? null;
    const event = phase === 'Lost' ? 'rental.lost' : null;
    return { ...base, phase, reason, message, event, nextDueAt, observes: suspicion === null };
  };
  const cause = why === 'NodeDead' ? `${serving.node} is dead` : `${serving.node} is being emptied`;
  const wait = whyWait(inputs, base, serving, why);
  if (wait) return stays('Waiting', `${cause}; ${wait.message}`, wait.until);
  if (suspicion && !isPardoned(rental)) {
    return stays(suspicion.reason, `${cause}; ${suspicion.message}`, suspicion.until);
  }
  // A living node may be left even while the breaker is open: access to it ends only once there is access elsewhere.
  const hold = why === 'NodeDead' ? whyHeld(inputs, serving.node) : null;
  if (hold) return stays(hold.reason, hold.message);
  const choice = choose();
  if (choice.kind === 'none') return stays('NoFreeNode', `${cause} and no healthy free node matches now`);
  const turn = inputs.turn(why === 'NodeDead');
  if (!turn.isNow) {
    return stays('MigrationQueued', `${cause}; ${describeDiscipline(policy.migrate)}`, turn.at);
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

/** What the client asked for: to wait for the node, or to give it some time before the move. */
function whyWait(
  { rental, nodeOf, now }: RentalInputs,
  { lostAt }: RentalDecision,
  serving: Placement,
  why: 'NodeDead' | 'NodeDrained',
): { message: string; until: Date | null } | null {
  const node = nodeOf(serving.node);
  // No rental waits for a node that has to be emptied: it may never come back.
  if (why !== 'NodeDead' || (node !== undefined && mustLeave(node))) return null;
  const { action, afterMs } = rental.spec.onNodeLoss;
  if (action === 'wait') return { message: 'waiting for it as requested', until: null };
  const until = new Date((lostAt ?? now).getTime() + afterMs);
  if (until <= now) return null;
  return { message: `moved at ${until.toISOString()} unless it is back by then`, until };
}
