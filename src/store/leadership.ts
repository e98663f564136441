import type { LeadershipStore } from '../core/ports/leadership.ts';
import type { Pool } from './connection/pool.ts';
import { inTransaction } from './connection/transaction.ts';
import {
  acquireLeadership,
  ensureLeaseRow,
  releaseLeadership,
  renewLeadership,
} from './statements/leadership.ts';

export function createLeadershipStore(pool: Pool): LeadershipStore {
  return {
    acquire: (settings) =>
      inTransaction(pool, async (connection) => {
        let token = await acquireLeadership(connection, settings);
        if (token === null && (await ensureLeaseRow(connection)))
          token = await acquireLeadership(connection, settings);
        return token === null ? null : { token };
      }),
    renew: (leadership, settings) =>
      inTransaction(pool, (connection) => renewLeadership(connection, leadership, settings)),
    release: (leadership) => inTransaction(pool, (connection) => releaseLeadership(connection, leadership)),
  };
}
