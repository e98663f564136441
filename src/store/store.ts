import type { DeliveryStore, OutboxStore } from '../core/ports/deliveries.ts';
import type { ApiStore, InventoryStore, LeaseStore, ReconcileStore } from '../core/ports/stores.ts';
import { createApiStore } from './api-store.ts';
import type { Pool } from './connection/pool.ts';
import { createInventoryStore } from './inventory-store.ts';
import { createLeaseStore } from './leadership-store.ts';
import { createOutboxStore } from './outbox-store.ts';
import { createReconcileStore } from './reconcile-store.ts';

export type Store = ReconcileStore & LeaseStore & InventoryStore & ApiStore & OutboxStore & DeliveryStore;

/** All ports on one pool; each part of the daemon sees only its own. */
export function createStore(pool: Pool): Store {
  return {
    ...createReconcileStore(pool),
    ...createLeaseStore(pool),
    ...createInventoryStore(pool),
    ...createApiStore(pool),
    ...createOutboxStore(pool),
  };
}
