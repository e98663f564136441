import type { NewEvent } from '../../core/history/event.ts';
import { NEW_RENTAL_RECORD } from '../../core/model/rental.ts';
import { withRequest } from '../../core/node/with-request.ts';
import type { ApiStore } from '../../core/ports/stores.ts';
import { CONTROLS_KEY, controlsOf, withControl } from './controls.ts';
import { createHistory } from './events.ts';
import type { MemoryDeps } from './saves.ts';
import { type RentalRow, type Transaction, toRental, transact } from './tables.ts';

/** What clients and operators do. Most read-only views are left out, since nobody looks at them here. */
export type MemoryApi = Pick<
  ApiStore,
  | 'createRental'
  | 'findRental'
  | 'updateRentalSpec'
  | 'requestRelease'
  | 'discardRejected'
  | 'writeRequest'
  | 'loadControls'
  | 'writeControl'
  | 'listOccupants'
  | 'loadDecision'
  | 'listPlacementsOfNode'
  | 'listEvents'
  | 'listRecentEvents'
  | 'lastEventSeq'
>;

export function createMemoryApi(deps: MemoryDeps): MemoryApi {
  return { ...createRentals(deps), ...createFleet(deps), ...createHistory(deps.tables.events) };
}

/** A write of the API with its event: both, or neither when `work` returns false. */
function write(
  { tables, onCommit }: MemoryDeps,
  event: NewEvent | null,
  work: (transaction: Transaction) => boolean,
): boolean {
  const changes = transact(work);
  if (changes === null) return false;
  const events = event === null ? [] : [event];
  tables.waiting.push(...events);
  onCommit({ fence: null, token: null, changes, events: events.map((entry) => ({ ...entry, seq: null })) });
  return true;
}

function createRentals(
  deps: MemoryDeps,
): Pick<
  MemoryApi,
  'createRental' | 'findRental' | 'updateRentalSpec' | 'requestRelease' | 'discardRejected'
> {
  const { tables } = deps;
  const { rentals, placements } = tables;
  const isOf = (row: RentalRow, tenant: string | null) => tenant === null || row.tenant === tenant;
  const liveByName = (tenant: string | null, name: string) =>
    [...rentals.values()].filter(
      (row) => row.name === name && row.record.endedAt === null && isOf(row, tenant),
    );
  return {
    async createRental(rental, event) {
      const { tenant, idempotencyKey } = rental;
      const earlier = [...rentals.values()].find(
        (row) => idempotencyKey !== null && row.tenant === tenant && row.idempotencyKey === idempotencyKey,
      );
      if (earlier && earlier.requestHash !== rental.requestHash) return { kind: 'keyReused' };
      if (earlier) return { kind: 'replayed', rental: toRental(tables, earlier) };
      const [holder] = liveByName(tenant, rental.name);
      if (holder) return { kind: 'exists', rental: toRental(tables, holder) };
      const unset = { generation: 1, renewedAt: null, releaseRequestedAt: null, record: NEW_RENTAL_RECORD };
      write(deps, event, (transaction) => {
        transaction.set('rentals', rentals, rental.id, { ...rental, ...unset, dirty: true });
        return true;
      });
      return { kind: 'created' };
    },
    async findRental(tenant, idOrName) {
      const byId = rentals.get(idOrName);
      if (byId && isOf(byId, tenant)) return toRental(tables, byId);
      const [found, other] = liveByName(tenant, idOrName);
      return found && !other ? toRental(tables, found) : null;
    },
    async updateRentalSpec(id, expectedGeneration, spec, { renewedAt, event }) {
      return write(deps, event, (transaction) => {
        const row = rentals.get(id);
        if (row?.generation !== expectedGeneration || row.record.endedAt !== null) return false;
        const next = { ...row, spec, generation: row.generation + 1, dirty: true };
        transaction.set('rentals', rentals, id, { ...next, renewedAt: renewedAt ?? row.renewedAt });
        return true;
      });
    },
    async requestRelease(id, at, event) {
      return write(deps, event, (transaction) => {
        const row = rentals.get(id);
        if (!row || row.releaseRequestedAt !== null || row.record.endedAt !== null) return false;
        transaction.set('rentals', rentals, id, { ...row, releaseRequestedAt: at, dirty: true });
        return true;
      });
    },
    async discardRejected(id) {
      const row = rentals.get(id);
      const wasPlaced = [...placements.values()].some(({ rentalId }) => rentalId === id);
      if (row?.record.phase !== 'Failed' || row.record.endedAt === null || wasPlaced) return;
      write(deps, null, (transaction) => {
        transaction.set('rentals', rentals, id, undefined);
        return true;
      });
    },
  };
}

function createFleet(
  deps: MemoryDeps,
): Pick<
  MemoryApi,
  'writeRequest' | 'loadControls' | 'writeControl' | 'listOccupants' | 'loadDecision' | 'listPlacementsOfNode'
> {
  const { nodes, placements, controls } = deps.tables;
  return {
    loadControls: async () => controlsOf(controls),
    async writeControl(request, event) {
      const next = withControl(controlsOf(controls), request);
      if (next === null) return false;
      return write(deps, event, (transaction) => {
        transaction.set('controls', controls, CONTROLS_KEY, next);
        return true;
      });
    },
    async listPlacementsOfNode(name, { before, limit }) {
      const placed = [...placements.values()].filter(
        ({ node, epoch }) => node === name && (before === null || epoch < before),
      );
      return placed.sort((a, b) => b.epoch - a.epoch).slice(0, limit);
    },
    loadDecision: async (epoch) => deps.tables.decisions.get(epoch) ?? null,
    async listOccupants() {
      const live = [...placements.values()].filter(({ endedAt }) => endedAt === null);
      return new Map(live.map(({ node, rentalId }) => [node, rentalId]));
    },
    async writeRequest(name, request, event) {
      const node = nodes.get(name);
      if (!node) return null;
      const requests = withRequest(node, request);
      if (requests === null) return false;
      return write(deps, event, (transaction) => {
        transaction.set('nodes', nodes, name, { ...node, requests, generation: node.generation + 1 });
        return true;
      });
    },
  };
}
