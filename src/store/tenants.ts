import type { TenantStore } from '../core/ports/tenants.ts';
import type { Pool } from './connection/pool.ts';
import { inSnapshot, inTransaction, readOnce } from './connection/transaction.ts';
import { listTenants, loadLimits, setLimits, takeRequest } from './statements/tenants.ts';
import { withEvent } from './with-event.ts';

export function createTenantStore(pool: Pool): TenantStore {
  return {
    listTenants: () => inSnapshot(pool, (connection) => listTenants(connection)),
    loadTenant: async (name) =>
      (await inSnapshot(pool, (connection) => listTenants(connection, name)))[0] ?? null,
    loadLimits: (name) => readOnce(pool, (connection) => loadLimits(connection, name)),
    setLimits: (name, limits, event) =>
      withEvent(pool, event, (connection) => setLimits(connection, name, limits, event.at)),
    async takeRequest(name) {
      // Most tenants have no limit: they cost one read.
      const { requestsPerMinute } = await readOnce(pool, (connection) => loadLimits(connection, name));
      if (requestsPerMinute === null) return null;
      return await inTransaction(pool, (connection) => takeRequest(connection, name));
    },
  };
}
