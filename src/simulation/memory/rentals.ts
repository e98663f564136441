import type { Rental, RentalPhase } from '../../core/model/rental.ts';
import { formatCursor, parseCursor, toPage } from '../../core/ports/page.ts';
import { newRentalRow, type RentalReader, type RentalWriter } from '../../core/ports/rentals.ts';
import { compareAge } from '../../core/scheduling/queue.ts';
import { NEW_TENANT, type RentalRow, type Tables, toRental } from './tables.ts';
import { listOpenOf } from './tenants.ts';
import { type MemoryDeps, write } from './transaction.ts';

export function createMemoryRentals(deps: MemoryDeps): RentalReader & RentalWriter {
  return { ...createReader(deps.tables), ...createWriter(deps) };
}

const isOpen = ({ record }: RentalRow) => record.endedAt === null;
const isOf = (row: RentalRow, tenant: string | null) => tenant === null || row.tenant === tenant;

function listByName({ rentals }: Tables, tenant: string | null, name: string): RentalRow[] {
  return [...rentals.values()].filter((row) => row.name === name && isOpen(row) && isOf(row, tenant));
}

function createReader(tables: Tables): RentalReader {
  const { rentals } = tables;
  const read = (rows: RentalRow[]): Rental[] => rows.sort(compareAge).map((row) => toRental(tables, row));
  return {
    listDirtyRentals: async () =>
      [...rentals.values()]
        .filter(({ dirty }) => dirty)
        .sort(compareAge)
        .map(({ id }) => id),
    listOpenRentals: async () => read([...rentals.values()].filter(isOpen)),
    async loadRental(id) {
      const row = rentals.get(id);
      return row ? toRental(tables, row) : null;
    },
    async findRental(tenant, idOrName) {
      const byId = rentals.get(idOrName);
      if (byId && isOf(byId, tenant)) return toRental(tables, byId);
      const [found, other] = listByName(tables, tenant, idOrName);
      return found && !other ? toRental(tables, found) : null;
    },
    async listRentals(tenant, { limit, cursor, includeEnded }) {
      const place = cursor === null ? null : parseCursor(cursor);
      const rows = [...rentals.values()].filter(
        (row) =>
          isOf(row, tenant) &&
          (includeEnded || isOpen(row)) &&
          (place === null || compareAge(row, place) > 0),
      );
      return toPage(read(rows), limit, formatCursor);
    },
    async countRentals() {
      const counts = new Map<RentalPhase, number>();
      for (const { record } of [...rentals.values()].filter(isOpen))
        counts.set(record.phase, (counts.get(record.phase) ?? 0) + 1);
      return [...counts].map(([phase, count]) => ({ phase, count }));
    },
    async listRentalNames(ids) {
      const rows = ids.flatMap((id) => rentals.get(id) ?? []);
      return new Map(rows.map(({ id, name }) => [id, name]));
    },
  };
}

function createWriter(deps: MemoryDeps): RentalWriter {
  const { tables } = deps;
  const { rentals, placements, deliveries } = tables;
  return {
    async createRental(rental, event) {
      const { tenant, idempotencyKey } = rental;
      const earlier = [...rentals.values()].find(
        (row) => idempotencyKey !== null && row.tenant === tenant && row.idempotencyKey === idempotencyKey,
      );
      if (earlier && earlier.requestHash !== rental.requestHash) return { kind: 'keyReused' };
      if (earlier) return { kind: 'replayed', rental: toRental(tables, earlier) };
      const [holder] = listByName(tables, tenant, rental.name);
      if (holder) return { kind: 'exists', rental: toRental(tables, holder) };
      const { maxRentals } = (tables.tenants.get(tenant) ?? NEW_TENANT).limits;
      const open = listOpenOf(tables, tenant).length;
      if (maxRentals !== null && open >= maxRentals) return { kind: 'overQuota', maxRentals, rentals: open };
      write(deps, [event], (transaction) => {
        transaction.set('rentals', rentals, rental.id, newRentalRow(rental));
        return true;
      });
      return { kind: 'created' };
    },
    async updateRentalSpec(id, expectedGeneration, spec, { renewedAt, event }) {
      return write(deps, [event], (transaction) => {
        const row = rentals.get(id);
        if (row?.generation !== expectedGeneration || !isOpen(row)) return false;
        const next = { ...row, spec, generation: row.generation + 1, dirty: true };
        transaction.set('rentals', rentals, id, { ...next, renewedAt: renewedAt ?? row.renewedAt });
        return true;
      });
    },
    async requestRelease(id, at, event) {
      return write(deps, [event], (transaction) => {
        const row = rentals.get(id);
        if (!row || row.releaseRequestedAt !== null || !isOpen(row)) return false;
        transaction.set('rentals', rentals, id, { ...row, releaseRequestedAt: at, dirty: true });
        return true;
      });
    },
    async discardRejected(id) {
      const row = rentals.get(id);
      const wasPlaced = [...placements.values()].some(({ rentalId }) => rentalId === id);
      if (row?.record.phase !== 'Failed' || isOpen(row) || wasPlaced) return;
      write(deps, [], (transaction) => {
        transaction.set('rentals', rentals, id, undefined);
        for (const delivery of deliveries.values())
          if (delivery.rentalId === id) deliveries.delete(delivery.id);
        return true;
      });
    },
  };
}
