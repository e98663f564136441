import { type FailureReason, isFailure } from '../failure/remedy.ts';
import type { Policy } from '../model/policy.ts';
import type { Placement, Rental } from '../model/rental.ts';

/** Three failures against one: the one is to blame. */
const EVIDENCE = 3;

/** Failures that may be the rental's fault; a full disk, say, never is. */
const MAY_BE_THE_RENTALS: readonly FailureReason[] = [
  'ProvisionFailed',
  'PlaybookFailed',
  'PlaybookTimeout',
  'PlaybookUnreadable',
];
/** Neither the node's fault nor the rental's: counters that were behind, a playbook killed on the control plane. */
const NOBODYS: readonly FailureReason[] = ['FenceTooLow', 'PlaybookKilled'];

interface Failed extends Placement {
  endReason: FailureReason;
}

/** Ended because no account could be made there. */
export function hasFailed(placement: Placement): placement is Failed {
  const { readyAt, endReason } = placement;
  return readyAt === null && isFailure(endReason) && !NOBODYS.includes(endReason);
}

/** The placements after the last one that was ready, given in order of epoch: a success clears what was before it. */
function sinceReady(placements: Placement[]): Placement[] {
  return placements.slice(placements.findLastIndex(({ readyAt }) => readyAt !== null) + 1);
}

/** A rental's failures since its last success, on all nodes or on one. */
export function listFailures({ placements }: Rental, node?: string): Failed[] {
  return sinceReady(placements)
    .filter(hasFailed)
    .filter((failed) => node === undefined || failed.node === node);
}

/** The nodes whose failures show that the rental is to blame; empty when they are too few. */
export function listNodesAgainst(rental: Rental): string[] {
  const failures = listFailures(rental).filter(({ endReason }) => MAY_BE_THE_RENTALS.includes(endReason));
  const nodes = [...new Set(failures.map(({ node }) => node))];
  return nodes.length >= EVIDENCE ? nodes : [];
}

/**
 * Why the node is to blame that its last client got no account, with the numbers; null when it is not. It is when
 * several rentals in a row got none, or one got none in more than `retries` tries. A rental that is to blame itself
 * does not count.
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
