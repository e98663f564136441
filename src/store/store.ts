import type { DeliveryStore, OutboxStore } from '../core/ports/deliveries.ts';
import type { ApiStore, InventoryStore, LeadershipStore, ReconcileStore } from '../core/ports/stores.ts';
import type { Pool } from './connection/pool.ts';
import { createOutboxStore } from './deliveries.ts';
import { createInventoryStore } from './inventories.ts';
import { createLeadershipStore } from './leadership.ts';
import { createApiStore } from './rentals.ts';
import { createReconcileStore } from './saves.ts';

export type Store = ReconcileStore &
  LeadershipStore &
  InventoryStore &
  ApiStore &
  OutboxStore &
  DeliveryStore;

/** All ports on one pool; each part of the daemon sees only its own. */
export function createStore(pool: Pool): Store {
  return {
    ...createReconcileStore(pool),
    ...createLeadershipStore(pool),
    ...createInventoryStore(pool),
    ...createApiStore(pool),
    ...createOutboxStore(pool),
  };
}
