import type {
  ApiStore,
  InventoryStore,
  Leadership,
  LeadershipStore,
  ReconcileStore,
} from '../../core/ports/stores.ts';

/** What the contract tests need of a store. MariaDB's and the simulation's pass the same tests. */
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

/** The leader in each test. */
export const lease = { holder: 'first', durationMs: 60_000 };

/** Set before each test: a new store and its leader. */
export interface ContractBench {
  store: ContractStore;
  leader: Leadership;
}
