import type { LeaseStore } from '../core/ports/stores.ts';
import type { Pool } from './connection/pool.ts';
import { inTransaction } from './connection/transaction.ts';
import { acquireLease, ensureLeaseRow, releaseLease, renewLease } from './statements/leadership.ts';

export function createLeaseStore(pool: Pool): LeaseStore {
  return {
    acquire: (settings) =>
      inTransaction(pool, async (session) => {
        let token = await acquireLease(session, settings);
        if (token === null && (await ensureLeaseRow(session))) token = await acquireLease(session, settings);
        return token === null ? null : { token };
      }),
    renew: (leadership, settings) =>
      inTransaction(pool, (session) => renewLease(session, leadership, settings)),
    release: (leadership) => inTransaction(pool, (session) => releaseLease(session, leadership)),
  };
}
