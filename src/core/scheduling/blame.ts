import { type FailureReason, isFailure } from '../failure/remedy.ts';
import type { Policy } from '../model/policy.ts';
import type { Placement, Rental } from '../model/rental.ts';

/** Three of them can hardly all have the fault that the one has whom they met. */
const EVIDENCE = 3;

/** What may be the fault of what the client wants; a full disk, say, is never. */
const MAY_BE_THE_RENTALS: readonly FailureReason[] = [
  'ProvisionFailed',
  'PlaybookFailed',
  'PlaybookTimeout',
  'PlaybookUnreadable',
];
/** Neither the node's fault nor the rental's: counters that were behind, and a hand on the control plane. */
const NOBODYS: readonly FailureReason[] = ['FenceTooLow', 'PlaybookKilled'];

interface Failed extends Placement {
  endReason: FailureReason;
}

/** Ended because no account could be made there. */
export function hasFailed(placement: Placement): placement is Failed {
  const { readyAt, endReason } = placement;
  return readyAt === null && isFailure(endReason) && !NOBODYS.includes(endReason);
}

/** After the last one that was ready, by epoch: a success wipes out what was before it. */
function sinceReady(placements: Placement[]): Placement[] {
  return placements.slice(placements.findLastIndex(({ readyAt }) => readyAt !== null) + 1);
}

/** Failures of a rental in a row, of all nodes or of one. */
export function listFailures({ placements }: Rental, node?: string): Failed[] {
  return sinceReady(placements)
    .filter(hasFailed)
    .filter((failed) => node === undefined || failed.node === node);
}

/** The nodes that speak against a rental, when they are enough; empty when they are not. */
export function listNodesAgainst(rental: Rental): string[] {
  const failures = listFailures(rental).filter(({ endReason }) => MAY_BE_THE_RENTALS.includes(endReason));
  const nodes = [...new Set(failures.map(({ node }) => node))];
  return nodes.length >= EVIDENCE ? nodes : [];
}

/**
 * Why it is the node's fault that its last client got no account, with the numbers; null when nothing says so: several
 * rentals in a row got none, or one of them tried again and again. A rental that is to blame itself does not count.
 */
export function blameNode(name: string, rentals: Rental[], { retries }: Policy['provision']): string | null {
  const here = rentals
    .flatMap((rental) => {
      const isToBlame = listNodesAgainst(rental).length > 0;
      return rental.placements.filter(
        (placement) => placement.node === name && !(isToBlame && hasFailed(placement)),
      );
    })
    .sort((a, b) => a.epoch - b.epoch);
  const failures = sinceReady(here).filter(hasFailed);
  const tries = new Map<string, number>();
  for (const { rentalId } of failures) tries.set(rentalId, (tries.get(rentalId) ?? 0) + 1);
  const last = failures.at(-1)?.endReason;
  if (tries.size >= EVIDENCE)
    return `${tries.size} rentals in a row got no account on it, the last for ${last}`;
  const most = Math.max(0, ...tries.values());
  return most > retries ? `a rental got no account on it in ${most} tries, the last for ${last}` : null;
}
