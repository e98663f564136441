import type { NewEvent } from '../core/history/event.ts';
import type { Leadership } from '../core/ports/leadership.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { inTransaction, undo } from './connection/transaction.ts';
import { assignNumbers, listUnnumbered, recordNumbered } from './statements/events.ts';
import { takeMoreNumbers, takeNumbers } from './statements/leadership.ts';

/**
 * A transaction of the leader. It starts by writing the lease row and holds that lock until COMMIT, so saves
 * happen one at a time, and fence numbers and event numbers become visible in order. `work` gets the fence number
 * and returns whether to keep what it wrote, and with which events.
 */
export async function underFence<Result>(
  pool: Pool,
  leadership: Leadership,
  work: (
    connection: Connection,
    fence: number,
  ) => Promise<{ keep: true; result: Result; events: NewEvent[] } | { keep: false; result: Result }>,
): Promise<Result | 'deposed'> {
  return await inTransaction<Result | 'deposed'>(pool, async (connection) => {
    const fence = await takeNumbers(connection, leadership, 1);
    if (fence === null) return undo('deposed');
    const outcome = await work(connection, fence);
    if (!outcome.keep) return undo(outcome.result);
    await numberEvents(connection, outcome.events, fence);
    return outcome.result;
  });
}

/**
 * Last in the transaction. By now it holds the rows that it changed: what the API wrote to these rentals before
 * is visible and comes first, and what the API writes later waits for this COMMIT. That keeps the order per
 * rental.
 */
async function numberEvents(connection: Connection, own: NewEvent[], fence: number): Promise<void> {
  const waiting = await listUnnumbered(connection);
  const count = waiting.length + own.length;
  if (count === 0) return;
  await takeMoreNumbers(connection, count);
  await assignNumbers(connection, waiting, fence + 1);
  await recordNumbered(connection, own, fence + 1 + waiting.length, fence);
}
