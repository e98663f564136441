import type { NewEvent } from '../core/history/event.ts';
import type { ApiStore, CreateResult, NewRental } from '../core/ports/stores.ts';
import { findStoreError, StoreError } from './connection/errors.ts';
import type { Connection, Pool } from './connection/pool.ts';
import { inSnapshot, inTransaction, readOnce, undo } from './connection/transaction.ts';
import { findSchemaProblem } from './migration/migrate.ts';
import { loadControls, writeControl } from './statements/controls.ts';
import { deleteDeliveries } from './statements/deliveries.ts';
import {
  insertUnnumberedEvent,
  insertUnnumberedEvents,
  listEventsAfter,
  listEventsBefore,
  loadFirstSeq,
  loadLastSeq,
} from './statements/events.ts';
import { insertRequest, loadInventoryState } from './statements/inventories.ts';
import { listNodes, loadNode } from './statements/nodes.ts';
import { findDecision, listOccupants, listPlacementsOfNode } from './statements/placements.ts';
import { loadQosHistory } from './statements/qos.ts';
import {
  countOpenRentals,
  deleteRejected,
  findByIdempotencyKey,
  findRental,
  insertRental,
  listOpenRentals,
  listRentalNames,
  listRentals,
  markReleaseRequested,
  updateRentalSpec,
} from './statements/rentals.ts';
import { updateRequest } from './statements/requests.ts';
import { deleteSession, findSignedIn, insertSession } from './statements/sessions.ts';
import {
  countOpenOf,
  listTenants,
  loadLimits,
  lockQuota,
  takeRequestOf,
  upsertLimits,
} from './statements/tenants.ts';
import { findPrincipal, insertToken, listTokens, revokeToken } from './statements/tokens.ts';

const READY_DEADLINE_MS = 2_000;

export function createApiStore(pool: Pool): ApiStore {
  return {
    createRental: (rental, event) => createRental(pool, rental, event),
    findRental: (tenant, idOrName) =>
      inSnapshot(pool, (connection) => findRental(connection, tenant, idOrName)),
    listRentals: (tenant, page) => inSnapshot(pool, (connection) => listRentals(connection, tenant, page)),
    updateRentalSpec: (id, expectedGeneration, spec, { renewedAt, event }) =>
      writeWithEvent(pool, event, (connection) =>
        updateRentalSpec(connection, id, expectedGeneration, spec, renewedAt),
      ),
    requestRelease: (id, at, event) =>
      writeWithEvent(pool, event, (connection) => markReleaseRequested(connection, id, at)),
    discardRejected: (id) =>
      inTransaction(pool, async (connection) => {
        // The client got the refusal as the answer, so it needs no message.
        if (await deleteRejected(connection, id)) await deleteDeliveries(connection, id);
      }),
    countRentals: () => readOnce(pool, countOpenRentals),
    listNodes: () => readOnce(pool, listNodes),
    findNode: (name) => readOnce(pool, (connection) => loadNode(connection, name)),
    listOccupants: () => readOnce(pool, listOccupants),
    async writeRequest(name, request, event) {
      if (await writeWithEvent(pool, event, (connection) => updateRequest(connection, name, request)))
        return true;
      return (await readOnce(pool, (connection) => loadNode(connection, name))) === null ? null : false;
    },
    listOpenRentals: () => inSnapshot(pool, listOpenRentals),
    listPlacementsOfNode: (node, page) =>
      readOnce(pool, (connection) => listPlacementsOfNode(connection, node, page)),
    loadDecision: (epoch) => readOnce(pool, (connection) => findDecision(connection, epoch)),
    loadControls: () => readOnce(pool, loadControls),
    writeControl: (request, event) =>
      writeWithEvent(pool, event, (connection) => writeControl(connection, request)),
    loadInventoryState: () => readOnce(pool, loadInventoryState),
    requestInventory: (request, event) =>
      inTransaction(pool, async (connection) => {
        await insertUnnumberedEvents(connection, event ? [event] : []);
        return await insertRequest(connection, request);
      }),
    listEvents: (tenant, filter) =>
      readOnce(pool, (connection) => listEventsAfter(connection, tenant, filter.afterSeq, filter)),
    listRecentEvents: (tenant, filter) =>
      readOnce(pool, (connection) => listEventsBefore(connection, tenant, filter.beforeSeq, filter)),
    lastEventSeq: () => readOnce(pool, loadLastSeq),
    firstEventSeq: () => readOnce(pool, loadFirstSeq),
    loadQosHistory: (asked) => inSnapshot(pool, (connection) => loadQosHistory(connection, asked)),
    listRentalNames: (ids) => readOnce(pool, (connection) => listRentalNames(connection, ids)),
    authenticate: (tokenHash) => readOnce(pool, (connection) => findPrincipal(connection, tokenHash)),
    createToken: (token, event) =>
      inTransaction(pool, async (connection) => {
        await insertToken(connection, token);
        await insertUnnumberedEvents(connection, event ? [event] : []);
      }),
    listTokens: () => readOnce(pool, listTokens),
    revokeToken: (id, at, event) =>
      writeWithEvent(pool, event, (connection) => revokeToken(connection, id, at)),
    recordEvents: (events) => inTransaction(pool, (connection) => insertUnnumberedEvents(connection, events)),
    createSession: (signedIn, event) =>
      inTransaction(pool, async (connection) => {
        await insertSession(connection, signedIn);
        await insertUnnumberedEvents(connection, event ? [event] : []);
      }),
    authenticateSession: (hash) => readOnce(pool, (connection) => findSignedIn(connection, hash)),
    endSession: async (hash, event) => {
      await writeWithEvent(pool, event, (connection) => deleteSession(connection, hash));
    },
    listTenants: () => inSnapshot(pool, (connection) => listTenants(connection)),
    findTenant: async (name) =>
      (await inSnapshot(pool, (connection) => listTenants(connection, name)))[0] ?? null,
    loadLimits: (name) => readOnce(pool, (connection) => loadLimits(connection, name)),
    setLimits: (name, limits, event) =>
      inTransaction(pool, async (connection) => {
        await upsertLimits(connection, name, limits, event.at);
        await insertUnnumberedEvent(connection, event);
      }),
    async takeRequest(name) {
      // Most tenants have no limit: they cost one read.
      const { requestsPerMinute } = await readOnce(pool, (connection) => loadLimits(connection, name));
      if (requestsPerMinute === null) return null;
      return await inTransaction(pool, (connection) => takeRequestOf(connection, name));
    },
    checkReady: () => checkReady(pool),
  };
}

/** The unique keys decide who was first; only the loser looks up why. */
async function createRental(pool: Pool, rental: NewRental, event: NewEvent): Promise<CreateResult> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await inTransaction<CreateResult>(pool, async (connection) => {
        const maxRentals = await lockQuota(connection, rental.tenant);
        // The quota is checked last, so that a repeated request finds its own rental even when the quota is used up.
        await insertRental(connection, rental);
        const rentals = maxRentals === null ? 0 : (await countOpenOf(connection, rental.tenant)) - 1;
        if (maxRentals !== null && rentals >= maxRentals)
          return undo({ kind: 'overQuota', maxRentals, rentals });
        await insertUnnumberedEvent(connection, event);
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
  // The key before the name: a repeated request finds its own rental under both.
  if (rental.idempotencyKey !== null) {
    const earlier = await findByIdempotencyKey(connection, rental.tenant, rental.idempotencyKey);
    if (earlier && earlier.requestHash !== rental.requestHash) return { kind: 'keyReused' };
    if (earlier) return { kind: 'replayed', rental: earlier.rental };
  }
  const holder = await findRental(connection, rental.tenant, rental.name);
  return holder ? { kind: 'exists', rental: holder } : null;
}

/** Writes the event if, and only if, it makes the change. */
async function writeWithEvent(
  pool: Pool,
  event: NewEvent | undefined,
  write: (connection: Connection) => Promise<boolean>,
): Promise<boolean> {
  return await inTransaction(pool, async (connection) => {
    if (!(await write(connection))) return undo(false);
    await insertUnnumberedEvents(connection, event ? [event] : []);
    return true;
  });
}

async function checkReady(pool: Pool): Promise<{ ready: true } | { ready: false; message: string }> {
  try {
    const problem = await pool.withConnection(findSchemaProblem, { statementMs: READY_DEADLINE_MS });
    return problem === null ? { ready: true } : { ready: false, message: problem };
  } catch (thrown) {
    const error = findStoreError(thrown);
    if (!(error instanceof StoreError)) throw thrown;
    return { ready: false, message: `the database can't be used: ${error.message}` };
  }
}
