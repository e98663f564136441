import { type Context, DeposedError } from './context.ts';

const DAY_MS = 24 * 3_600_000;
/** How long an ended rental can be read. */
export const RENTAL_RETENTION_MS = 30 * DAY_MS;
/** How far the history goes back: further, since it covers those rentals, too. */
export const EVENT_RETENTION_MS = 90 * DAY_MS;
/** How long a message that was delivered to a client's webhook can be read. */
export const DELIVERED_RETENTION_MS = 7 * DAY_MS;
/** How long a message that could not be delivered can be sent again. */
export const DEAD_RETENTION_MS = 30 * DAY_MS;

const INTERVAL_MS = 3_600_000;
/** A term starts with the work that its clients wait for. */
const FIRST_AFTER_MS = 60_000;
/** Most rows of one kind that a transaction deletes; nothing else is saved meanwhile. */
const BATCH = 500;
/** Pause between two batches, so that a large backlog delays nobody. */
const NEXT_BATCH_AFTER_MS = 1_000;

/** Deletes rows past their retention, when that is due: rarely, and in small batches. */
export function createPurge({ store, leadership, clock, logger }: Context): () => Promise<void> {
  let dueAtMs = clock.monotonicMs() + FIRST_AFTER_MS;
  return async () => {
    if (clock.monotonicMs() < dueAtMs) return;
    // Set first, so that a failure is retried in an hour and not in each pass.
    dueAtMs = clock.monotonicMs() + INTERVAL_MS;
    const now = clock.now().getTime();
    const purged = await store
      .purge(leadership, {
        rentalsEndedBefore: new Date(now - RENTAL_RETENTION_MS),
        eventsBefore: new Date(now - EVENT_RETENTION_MS),
        deliveredBefore: new Date(now - DELIVERED_RETENTION_MS),
        deadBefore: new Date(now - DEAD_RETENTION_MS),
        limit: BATCH,
      })
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'rows past their retention could not be deleted');
        return { rentals: 0, events: 0, deliveries: 0 };
      });
    if (purged === 'deposed') throw new DeposedError();
    const counts = Object.values(purged);
    if (counts.some((count) => count > 0)) logger.info(purged, 'deleted rows past their retention');
    if (counts.includes(BATCH)) dueAtMs = clock.monotonicMs() + NEXT_BATCH_AFTER_MS;
  };
}
