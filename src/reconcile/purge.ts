import { type Context, DeposedError } from './context.ts';

const DAY_MS = 24 * 3_600_000;
/** How long a rental that has ended can be read. */
export const RENTAL_RETENTION_MS = 30 * DAY_MS;
/** How long the history goes back: longer, for it tells of those rentals, too. */
export const EVENT_RETENTION_MS = 90 * DAY_MS;

const INTERVAL_MS = 3_600_000;
/** A term begins with what its clients wait for. */
const FIRST_AFTER_MS = 60_000;
/** What is deleted in one transaction, during which nothing else is saved. */
const BATCH = 500;
/** Between two batches, so that a large backlog delays nobody. */
const NEXT_BATCH_AFTER_MS = 1_000;

/** Deletes what is kept no longer, when that is due: a small batch at a time, and rarely. */
export function createPurge({ store, leadership, clock, logger }: Context): () => Promise<void> {
  let dueAtMs = clock.monotonicMs() + FIRST_AFTER_MS;
  return async () => {
    if (clock.monotonicMs() < dueAtMs) return;
    // First of all: whatever goes wrong is tried again in an hour, and not in each pass.
    dueAtMs = clock.monotonicMs() + INTERVAL_MS;
    const now = clock.now().getTime();
    const purged = await store
      .purge(leadership, {
        rentalsEndedBefore: new Date(now - RENTAL_RETENTION_MS),
        eventsBefore: new Date(now - EVENT_RETENTION_MS),
        limit: BATCH,
      })
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'what is kept no longer could not be deleted');
        return { rentals: 0, events: 0 };
      });
    if (purged === 'deposed') throw new DeposedError();
    if (purged.rentals > 0 || purged.events > 0) logger.info(purged, 'deleted what is kept no longer');
    if (purged.rentals === BATCH || purged.events === BATCH)
      dueAtMs = clock.monotonicMs() + NEXT_BATCH_AFTER_MS;
  };
}
