import type { Store } from '../../core/ports/stores.ts';
import { createMemoryControls } from './controls.ts';
import { createMemoryDeliveries } from './deliveries.ts';
import { createMemoryEvents } from './events.ts';
import { createMemoryInventories } from './inventories.ts';
import { createMemoryLeadership } from './leadership.ts';
import { createMemoryNodes } from './nodes.ts';
import { createMemoryPlacements } from './placements.ts';
import { createMemoryRentals } from './rentals.ts';
import { createMemorySaves } from './saves.ts';
import { createMemorySessions } from './sessions.ts';
import { createTables, type Tables } from './tables.ts';
import { createMemoryTenants } from './tenants.ts';
import { createMemoryTokens } from './tokens.ts';
import type { MemoryDeps } from './transaction.ts';

export type MemoryStore = Store & { tables: Tables };

/** The store without a database. Contract tests hold it to what the MariaDB store does. */
export function createMemoryStore({ nowMs, onCommit }: Omit<MemoryDeps, 'tables'>): MemoryStore {
  const tables = createTables();
  const deps = { tables, nowMs, onCommit };
  return {
    ...createMemoryLeadership(deps),
    ...createMemorySaves(deps),
    ...createMemoryNodes(deps),
    ...createMemoryRentals(deps),
    ...createMemoryPlacements(tables),
    ...createMemoryEvents(deps),
    ...createMemoryInventories(deps),
    ...createMemoryTokens(deps),
    ...createMemorySessions(deps),
    ...createMemoryTenants(deps),
    ...createMemoryControls(deps),
    ...createMemoryDeliveries(deps),
    checkReady: async () => ({ ready: true }),
    tables,
  };
}
