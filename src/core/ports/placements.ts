import type { Placement } from '../model/rental.ts';
import type { LeaseUse } from '../scheduling/lease-use.ts';
import type { PlacementDecision } from '../scheduling/placement-decision.ts';

/** The last time that a tenant was given a node, not counting placements that ended before they were ready. */
export interface Service {
  tenant: string;
  node: string;
  at: Date;
}

export interface PlacementStore {
  /** Live placements and residue (ended, not cleaned) of every node, or of one. */
  listPlacementsOnNodes(node?: string): Promise<Placement[]>;
  /** Placements on a node of this name, past and present, newest first; `before`: an epoch to continue from. */
  listPlacementsOfNode(node: string, page: { before: number | null; limit: number }): Promise<Placement[]>;
  /** node name -> rental id, of the live placements on these nodes; without `nodes`, on all. */
  listOccupants(nodes?: readonly string[]): Promise<Map<string, string>>;
  /** How a placement was decided; null when that was not kept. */
  loadDecision(epoch: number): Promise<PlacementDecision | null>;
  /** Which tenant was given which node when, as far as the newest placements show. */
  listServices(): Promise<Service[]>;
  /** How the rentals that ended last used their leases; only those that once were ready. */
  listLeaseUses(): Promise<LeaseUse[]>;
}
