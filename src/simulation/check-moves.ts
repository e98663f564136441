import type { Placement } from '../core/model/rental.ts';
import type { Books } from './books.ts';

/**
 * No more moves are under way than the policy allows. Moves of clients without access are counted among themselves;
 * when a move that is not urgent begins, all are counted. How often moves begin is not checked, since the daemons'
 * clocks jump.
 */
export function checkMoveBegins(books: Books, incoming: Placement): void {
  const { tables, policy, tally, violate } = books;
  tally.count('move begun');
  const live = [...tables.placements.values()].filter(({ endedAt }) => endedAt === null);
  const isUrgent = ({ rentalId }: Placement) => {
    const serving = live.find((other) => other.rentalId === rentalId && other.role === 'serving');
    const node = serving && tables.nodes.get(serving.node);
    return node === undefined || node.record.state === 'dead';
  };
  const underWay = live.filter(({ role }) => role === 'incoming');
  const counted = isUrgent(incoming) ? underWay.filter(isUrgent) : underWay;
  const { maxInFlight } = policy.migrate;
  if (counted.length > maxInFlight)
    violate(`${counted.length} moves are under way, and ${maxInFlight} are allowed`);
}
