import type { Reason } from '../failure/reason.ts';
import { suspectFill } from '../model/listener-fill.ts';
import type { Policy } from '../model/policy.ts';
import type { Rental } from '../model/rental.ts';
import { listFailures, listNodesAgainst } from '../scheduling/blame.ts';
import { formatDuration } from '../text/duration.ts';

/** What speaks against giving a rental another node. */
export interface Suspicion {
  reason: Reason;
  message: string;
  /** When it passes by itself; null: never. */
  until: Date | null;
}

/**
 * Deaths of nodes under one rental are counted over an hour: long enough that nodes which die one after the other, each
 * some minutes after the client came, are seen together; short enough that single deaths of a day are not.
 */
const POISON_WINDOW_MS = 3_600_000;

export function suspect(rental: Rental, policy: Policy, now: Date): Suspicion | null {
  return (
    suspectSpec(rental) ?? suspectFill(rental, now) ?? suspectPoison(rental, policy.migrate.maxPerRental, now)
  );
}

/** Repeating does not heal it: on several nodes that have nothing in common but this rental it failed. */
function suspectSpec(rental: Rental): Suspicion | null {
  const nodes = listNodesAgainst(rental);
  if (nodes.length === 0) return null;
  const message = `the account could not be made on ${nodes.length} nodes (${nodes.slice(-5).join(', ')}), the last for ${listFailures(rental).at(-1)?.endReason}; not tried again until its spec is changed`;
  return { reason: 'RentalSuspected', message, until: null };
}

/**
 * The client has changed the spec while the rental was held back, so it may be another thing now: it gets one more
 * try. What is held back leaves `observedGeneration` as it is until then, which is all that has to be remembered.
 */
export function isPardoned({ generation, record }: Rental): boolean {
  return generation > record.observedGeneration;
}

/** Wherever it comes nodes die: what its client does there may be why, and one more node is not worth the try. */
function suspectPoison({ placements }: Rental, maxPerRental: number, now: Date): Suspicion | null {
  const diedAtMs = placements
    .flatMap(({ endReason, endedAt }) => (endReason === 'NodeDead' && endedAt ? [endedAt.getTime()] : []))
    .filter((atMs) => atMs > now.getTime() - POISON_WINDOW_MS)
    .sort((a, b) => a - b);
  const oldest = diedAtMs.at(-maxPerRental);
  if (oldest === undefined) return null;
  const until = new Date(oldest + POISON_WINDOW_MS);
  const message = `${diedAtMs.length} nodes died under it within ${formatDuration(POISON_WINDOW_MS)}, the limit is ${maxPerRental}; it stays where it is until its node returns, its spec is changed, or ${until.toISOString()}`;
  return { reason: 'PoisonSuspected', message, until };
}
