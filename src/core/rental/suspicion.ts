import type { Reason } from '../failure/reason.ts';
import { suspectFill } from '../model/listener-fill.ts';
import type { Policy } from '../model/policy.ts';
import type { Rental } from '../model/rental.ts';
import { listFailures, listNodesAgainst } from '../scheduling/blame.ts';
import { formatDuration } from '../text/duration.ts';

/** Why a rental should not get another node. */
export interface Suspicion {
  reason: Reason;
  message: string;
  /** When it lapses by itself; null: never. */
  until: Date | null;
}

/**
 * The window in which deaths of nodes under one rental are counted. Long enough for nodes that die one after the
 * other, each some minutes after the client came; short enough to leave out the single deaths of a day.
 */
const POISON_WINDOW_MS = 3_600_000;

export function suspect(rental: Rental, policy: Policy, now: Date): Suspicion | null {
  return (
    suspectSpec(rental) ?? suspectFill(rental, now) ?? suspectPoison(rental, policy.migrate.maxPerRental, now)
  );
}

/** Another try would not help: it failed on several nodes that have nothing in common but this rental. */
function suspectSpec(rental: Rental): Suspicion | null {
  const nodes = listNodesAgainst(rental);
  if (nodes.length === 0) return null;
  const message = `the account could not be made on ${nodes.length} nodes (${nodes.slice(-5).join(', ')}), the last for ${listFailures(rental).at(-1)?.endReason}; not tried again until its spec is changed`;
  return { reason: 'RentalSuspected', message, until: null };
}

/**
 * The client has changed the spec while the rental was held back, so the cause may be gone: it gets one more try.
 * Until then a rental that is held back keeps its `observedGeneration`, so nothing else has to be stored.
 */
export function isPardoned({ generation, record }: Rental): boolean {
  return generation > record.observedGeneration;
}

/** Nodes die wherever it is placed. What its client does there may be the cause, and a try may cost one more node. */
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
