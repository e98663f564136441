/**
 * What a campaign has to have seen, or it proves little: each is counted where it happens, and one that was never
 * reached fails the run.
 */
export const RARE_STATES = [
  'leader changed while access was being made',
  'leader changed while a node was being cleaned',
  'leader changed during a move',
  'a deposed leader was refused',
  'database: conflict',
  'written, and the answer lost',
  'an order was refused by its fence number',
  'breaker opened',
  'event: pool.breaker_closed',
  'moved',
  'node told the end at once',
  'node told the end again, since access took long',
  'rental reason: MigrationQueued',
  'rental reason: PoisonSuspected',
  'rental reason: RentalSuspected',
  'node quarantined for the clients that got no account',
  'node cleaning -> quarantined',
  'node quarantined -> free',
  'node quarantined -> cleaning',
  'node dead -> provisioning',
  'node dead -> cleaning',
  'node removed',
  'node not lent: Flapping',
  'node not lent: AwaitingOperator',
  'event: rental.placement_failed',
  'placement ended: NodeDead',
  'placement ended: NodeDrained',
  'placement ended: Expired',
  'rental Lost',
  'rental Failed',
  'rent: replayed',
  'served while another tenant waited',
  'run over its deadline',
  'verification found something',
  'clean after something was found',
  'an account was half made',
  'a late order arrived',
  'client logged in',
  'event: inventory.refused',
  'wish: trust',
  'wish: forget',
  'wish: drain',
] as const;

export function listNeverReached(counts: ReadonlyMap<string, number>): string[] {
  return RARE_STATES.filter((name) => !counts.has(name));
}
