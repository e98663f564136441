import type { DeliveryStore, OutboxStore } from '../core/ports/deliveries.ts';
import type { ApiStore, InventoryStore, LeadershipStore, ReconcileStore } from '../core/ports/stores.ts';
import { createApiStore } from './api-store.ts';
import type { Pool } from './connection/pool.ts';
import { createInventoryStore } from './inventory-store.ts';
import { createLeadershipStore } from './leadership-store.ts';
import { createOutboxStore } from './outbox-store.ts';
import { createReconcileStore } from './reconcile-store.ts';

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
