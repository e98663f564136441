import type { NewEvent } from '../core/history/event.ts';
import type { CreateResult, NewRental, RentalReader, RentalWriter } from '../core/ports/rentals.ts';
import { findStoreError } from './connection/errors.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { inSnapshot, inTransaction, readOnce, undo } from './connection/transaction.ts';
import { deleteDeliveries } from './statements/deliveries.ts';
import { recordEvents } from './statements/events.ts';
import * as statements from './statements/rentals.ts';
import { countOpenRentals, lockQuota } from './statements/tenants.ts';
import { withEvent } from './with-event.ts';

export function createRentalStore(pool: Pool): RentalReader & RentalWriter {
  return {
    listDirtyRentals: () => readOnce(pool, statements.listDirtyRentals),
    listOpenRentals: () => inSnapshot(pool, statements.listOpenRentals),
    loadRental: (id) => inSnapshot(pool, (connection) => statements.loadRental(connection, id)),
    findRental: (tenant, idOrName) =>
      inSnapshot(pool, (connection) => statements.findRental(connection, tenant, idOrName)),
    listRentals: (tenant, page) =>
      inSnapshot(pool, (connection) => statements.listRentals(connection, tenant, page)),
    countRentals: () => readOnce(pool, statements.countRentals),
    listRentalNames: (ids) => readOnce(pool, (connection) => statements.listRentalNames(connection, ids)),
    createRental: (rental, event) => createRental(pool, rental, event),
    updateRentalSpec: (id, expectedGeneration, spec, { renewedAt, event }) =>
      withEvent(pool, event, (connection) =>
        statements.updateRentalSpec(connection, id, expectedGeneration, spec, renewedAt),
      ),
    requestRelease: (id, at, event) =>
      withEvent(pool, event, (connection) => statements.requestRelease(connection, id, at)),
    discardRejected: (id) =>
      inTransaction(pool, async (connection) => {
        // The client got the refusal as the answer, so it needs no message.
        if (await statements.discardRejected(connection, id)) await deleteDeliveries(connection, id);
      }),
  };
}

/** The unique keys decide who was first; only the loser looks up why. */
async function createRental(pool: Pool, rental: NewRental, event: NewEvent): Promise<CreateResult> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await inTransaction<CreateResult>(pool, async (connection) => {
        const maxRentals = await lockQuota(connection, rental.tenant);
        // The quota is checked last, so that a repeated request finds its own rental even when the quota is used up.
        await statements.createRental(connection, rental);
        const rentals = maxRentals === null ? 0 : (await countOpenRentals(connection, rental.tenant)) - 1;
        if (maxRentals !== null && rentals >= maxRentals)
          return undo({ kind: 'overQuota', maxRentals, rentals });
        await recordEvents(connection, [event]);
        return { kind: 'created' };
      });
    } catch (error) {
      if (findStoreError(error)?.kind !== 'duplicate') throw error;
      const taken = await inSnapshot(pool, (connection) => explainDuplicate(connection, rental));
      if (taken) return taken;
      // The other rental ended or was discarded in between: its name is free again.
      if (attempts === 3) throw error;
    }
  }
}

async function explainDuplicate(connection: Connection, rental: NewRental): Promise<CreateResult | null> {
  const { tenant, name, idempotencyKey } = rental;
  // The key before the name: a repeated request finds its own rental under both.
  if (idempotencyKey !== null) {
    const earlier = await statements.findByIdempotencyKey(connection, tenant, idempotencyKey);
    if (earlier && earlier.requestHash !== rental.requestHash) return { kind: 'keyReused' };
    if (earlier) return { kind: 'replayed', rental: earlier.rental };
  }
  const holder = await statements.findRental(connection, tenant, name);
  return holder ? { kind: 'exists', rental: holder } : null;
}
