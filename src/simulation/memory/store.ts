import type { ApiStore, InventoryStore, LeadershipStore, ReconcileStore } from '../../core/ports/stores.ts';
import { createMemoryInventories } from './inventories.ts';
import { createMemoryApi, type MemoryApi } from './rentals.ts';
import { createMemoryLeadership, createMemoryReconcileStore, type MemoryDeps } from './saves.ts';
import { createTables, type Tables } from './tables.ts';

export type MemoryStore = ReconcileStore &
  LeadershipStore &
  InventoryStore &
  MemoryApi &
  Pick<ApiStore, 'requestInventory'> & { tables: Tables };

/** The store without a database. Contract tests hold it to what the MariaDB store does. */
export function createMemoryStore({ nowMs, onCommit }: Omit<MemoryDeps, 'tables'>): MemoryStore {
  const tables = createTables();
  const deps = { tables, nowMs, onCommit };
  return {
    ...createMemoryReconcileStore(deps),
    ...createMemoryLeadership(deps),
    ...createMemoryApi(deps),
    ...createMemoryInventories(deps),
    tables,
  };
}
