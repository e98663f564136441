import type { NewEvent } from '../history/event.ts';
import { NEW_RENTAL_RECORD, type Rental, type RentalPhase, type RentalSpec } from '../model/rental.ts';
import type { Page } from './page.ts';

export interface NewRental {
  id: string;
  tenant: string;
  name: string;
  account: string;
  spec: RentalSpec;
  createdAt: Date;
  idempotencyKey: string | null;
  /** SHA-256 of the canonical request body, to tell a replay from another request under the same key. */
  requestHash: string | null;
}

/**
 * What was written, or why not. `exists`: this rental has the name and has not ended. `overQuota`: the tenant
 * already has as many rentals as it may have at once, or more.
 */
export type CreateResult =
  | { kind: 'created' }
  | { kind: 'replayed'; rental: Rental }
  | { kind: 'keyReused' }
  | { kind: 'exists'; rental: Rental }
  | { kind: 'overQuota'; maxRentals: number; rentals: number };

/** `tenant` null means every tenant's (admin). */
export interface RentalReader {
  /** Ids of rentals that the API wrote since they were last seen. Cheap: an indexed column. */
  listDirtyRentals(): Promise<string[]>;
  /** Rentals that have not ended, of all tenants, with all of their placements. */
  listOpenRentals(): Promise<Rental[]>;
  loadRental(id: string): Promise<Rental | null>;
  /**
   * By id, or by name among those not ended; an id also finds ended ones. Null, too, when the name fits several
   * tenants' rentals.
   */
  findRental(tenant: string | null, idOrName: string): Promise<Rental | null>;
  /** Oldest first. */
  listRentals(
    tenant: string | null,
    page: { limit: number; cursor: string | null; includeEnded: boolean },
  ): Promise<Page<Rental>>;
  /** Rentals that have not ended, by phase; phases without any are left out. */
  countRentals(): Promise<{ phase: RentalPhase; count: number }[]>;
  /** Names of the rentals that are still kept. */
  listRentalNames(ids: string[]): Promise<Map<string, string>>;
}

/** What clients write. */
export interface RentalWriter {
  createRental(rental: NewRental, event: NewEvent): Promise<CreateResult>;
  /**
   * Writes a new spec (generation + 1) if the generation is still `expectedGeneration` and the rental has not ended;
   * `renewedAt` also restarts the lease. False: changed meanwhile or ended.
   */
  updateRentalSpec(
    id: string,
    expectedGeneration: number,
    spec: RentalSpec,
    options: { renewedAt: Date | null; event: NewEvent },
  ): Promise<boolean>;
  /** Idempotent. False when the rental has ended or its release was already requested. */
  requestRelease(id: string, at: Date, event: NewEvent): Promise<boolean>;
  /**
   * Deletes a rental that was rejected because no machine was free, but only if it ended as Failed and never had a
   * placement. Its history stays, and its name and Idempotency-Key are free again.
   */
  discardRejected(id: string): Promise<void>;
}

/** The row of a new rental; the reconciler has yet to see it. */
export function newRentalRow(rental: NewRental) {
  const unset = { generation: 1, renewedAt: null, releaseRequestedAt: null, dirty: true };
  return { ...rental, ...unset, record: NEW_RENTAL_RECORD };
}
