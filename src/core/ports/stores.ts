import type { ControlStore } from './controls.ts';
import type { DeliveryStore, OutboxStore } from './deliveries.ts';
import type { EventStore } from './events.ts';
import type { InventoryStore } from './inventories.ts';
import type { LeadershipStore } from './leadership.ts';
import type { NodeStore } from './nodes.ts';
import type { PlacementStore } from './placements.ts';
import type { RentalReader, RentalWriter } from './rentals.ts';
import type { SaveStore } from './saves.ts';
import type { SessionStore } from './sessions.ts';
import type { TenantStore } from './tenants.ts';
import type { TokenStore } from './tokens.ts';

/** The reconciler's side of the store. */
export type ReconcileStore = SaveStore &
  Pick<NodeStore, 'listDirtyNodes' | 'listNodes' | 'loadNode'> &
  Pick<RentalReader, 'listDirtyRentals' | 'listOpenRentals' | 'loadRental'> &
  Pick<PlacementStore, 'listPlacementsOnNodes' | 'listServices' | 'listLeaseUses'> &
  Pick<EventStore, 'isBreakerOpen'> &
  Pick<ControlStore, 'loadControls'>;

/** The inventory keeper's side of the store. */
export type KeeperStore = Pick<InventoryStore, 'applyInventory' | 'refuseInventory' | 'loadInventoryState'> &
  Pick<EventStore, 'recordEvents'>;

export interface Readiness {
  /** Reachable within the deadline, and the schema is this program's. */
  checkReady(): Promise<{ ready: true } | { ready: false; message: string }>;
}

/** The API's side of the store. */
export type ApiStore = RentalReader &
  RentalWriter &
  NodeStore &
  PlacementStore &
  EventStore &
  Pick<InventoryStore, 'loadInventoryState' | 'requestInventory'> &
  TokenStore &
  SessionStore &
  TenantStore &
  ControlStore &
  DeliveryStore &
  Readiness;

/** All of it. There are two: MariaDB's, and the simulation's in memory. */
export type Store = ApiStore & SaveStore & LeadershipStore & InventoryStore & OutboxStore;
