import type { NewEvent } from '../core/history/event.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { inTransaction, undo } from './connection/transaction.ts';
import { recordEvents } from './statements/events.ts';

/** A transaction of the API: writes the event if, and only if, `write` makes its change (neither false nor null). */
export async function withEvent<Result>(
  pool: Pool,
  event: NewEvent | undefined,
  write: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  return await inTransaction<Result>(pool, async (connection) => {
    const result = await write(connection);
    if (result === false || result === null) return undo(result);
    await recordEvents(connection, event ? [event] : []);
    return result;
  });
}
