import type { Attribution } from '../model/controls.ts';
import type { RentalDecision, RentalInputs } from './decision.ts';
import { describePause } from './pause-text.ts';

/**
 * Limits a decision while an operator has paused the reconciler. Nothing is begun on a node and no placement ends,
 * so rentals that need either wait. What was begun is finished: a move whose new access is confirmed is completed.
 */
export function holdWhilePaused(
  decision: RentalDecision,
  { rental, place }: Pick<RentalInputs, 'rental' | 'place'>,
  pause: Attribution,
): RentalDecision {
  const { change, lostAt } = decision;
  if (change.kind === 'none' || change.kind === 'promote') return decision;
  const { record } = rental;
  const isLost = change.kind === 'bind' && change.role === 'incoming' && lostAt !== null;
  const phase = isLost ? 'Lost' : record.phase;
  const event = isLost ? 'rental.lost' : record.phase === 'Pending' ? 'rental.waiting' : null;
  return {
    ...decision,
    change: { kind: 'none' },
    phase,
    reason: 'Paused',
    message: `${describeWanted(decision)} once Orion is resumed; ${describePause(pause)}`,
    event,
    ended: false,
    // Nobody knows when an operator will resume.
    place: phase === 'Pending' && place ? { ...place, estimateAt: null } : null,
    nextDueAt: null,
    observes: false,
  };
}

function describeWanted({ change, reason }: RentalDecision): string {
  if (change.kind === 'bind') {
    const { name } = change.node.spec;
    return change.role === 'serving' ? `the account is made on ${name}` : `moved to ${name}`;
  }
  if (reason === 'Expired') return 'the lease has ended; the account is removed';
  return reason === 'Releasing' ? 'released; access is removed' : 'another node is chosen';
}
