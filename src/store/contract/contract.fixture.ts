import type {
  ApiStore,
  InventoryStore,
  Leadership,
  LeadershipStore,
  ReconcileStore,
} from '../../core/ports/stores.ts';

/** What the contract tests need of a store: the one on MariaDB and the one of the simulation pass the same tests. */
export type ContractStore = ReconcileStore &
  LeadershipStore &
  InventoryStore &
  Pick<
    ApiStore,
    | 'createRental'
    | 'findRental'
    | 'updateRentalSpec'
    | 'requestRelease'
    | 'discardRejected'
    | 'writeRequest'
    | 'loadControls'
    | 'writeControl'
    | 'requestInventory'
    | 'listOccupants'
    | 'loadDecision'
    | 'listPlacementsOfNode'
    | 'listEvents'
    | 'listRecentEvents'
    | 'lastEventSeq'
  >;

/** The holder of the lease in each test. */
export const lease = { holder: 'first', durationMs: 60_000 };

/** Set before each test: a new store, and who leads in it. */
export interface ContractBench {
  store: ContractStore;
  leader: Leadership;
}
