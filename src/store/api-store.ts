import type { NewEvent } from '../core/history/event.ts';
import type { ApiStore, CreateResult, NewRental } from '../core/ports/stores.ts';
import { findStoreError, StoreError } from './connection/errors.ts';
import type { Pool, Session } from './connection/pool.ts';
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
import { updateWish } from './statements/requests.ts';
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
    findRental: (tenant, idOrName) => inSnapshot(pool, (session) => findRental(session, tenant, idOrName)),
    listRentals: (tenant, page) => inSnapshot(pool, (session) => listRentals(session, tenant, page)),
    updateRentalSpec: (id, expectedGeneration, spec, { renewedAt, event }) =>
      writeWithEvent(pool, event, (session) =>
        updateRentalSpec(session, id, expectedGeneration, spec, renewedAt),
      ),
    requestRelease: (id, at, event) =>
      writeWithEvent(pool, event, (session) => markReleaseRequested(session, id, at)),
    discardRejected: (id) =>
      inTransaction(pool, async (session) => {
        // Its client was answered already.
        if (await deleteRejected(session, id)) await deleteDeliveries(session, id);
      }),
    countRentals: () => readOnce(pool, countOpenRentals),
    listNodes: () => readOnce(pool, listNodes),
    findNode: (name) => readOnce(pool, (session) => loadNode(session, name)),
    listOccupants: () => readOnce(pool, listOccupants),
    async writeWish(name, wish, event) {
      if (await writeWithEvent(pool, event, (session) => updateWish(session, name, wish))) return true;
      return (await readOnce(pool, (session) => loadNode(session, name))) === null ? null : false;
    },
    listOpenRentals: () => inSnapshot(pool, listOpenRentals),
    listPlacementsOfNode: (node, page) =>
      readOnce(pool, (session) => listPlacementsOfNode(session, node, page)),
    loadDecision: (epoch) => readOnce(pool, (session) => findDecision(session, epoch)),
    loadControls: () => readOnce(pool, loadControls),
    writeControl: (request, event) =>
      writeWithEvent(pool, event, (session) => writeControl(session, request)),
    loadInventoryState: () => readOnce(pool, loadInventoryState),
    requestInventory: (request, event) =>
      inTransaction(pool, async (session) => {
        await insertUnnumberedEvents(session, event ? [event] : []);
        return await insertRequest(session, request);
      }),
    listEvents: (tenant, filter) =>
      readOnce(pool, (session) => listEventsAfter(session, tenant, filter.afterSeq, filter)),
    listRecentEvents: (tenant, filter) =>
      readOnce(pool, (session) => listEventsBefore(session, tenant, filter.beforeSeq, filter)),
    lastEventSeq: () => readOnce(pool, loadLastSeq),
    firstEventSeq: () => readOnce(pool, loadFirstSeq),
    loadQosHistory: (asked) => inSnapshot(pool, (session) => loadQosHistory(session, asked)),
    listRentalNames: (ids) => readOnce(pool, (session) => listRentalNames(session, ids)),
    authenticate: (tokenHash) => readOnce(pool, (session) => findPrincipal(session, tokenHash)),
    createToken: (token, event) =>
      inTransaction(pool, async (session) => {
        await insertToken(session, token);
        await insertUnnumberedEvents(session, event ? [event] : []);
      }),
    listTokens: () => readOnce(pool, listTokens),
    revokeToken: (id, at, event) => writeWithEvent(pool, event, (session) => revokeToken(session, id, at)),
    recordEvents: (events) => inTransaction(pool, (session) => insertUnnumberedEvents(session, events)),
    createSession: (signedIn, event) =>
      inTransaction(pool, async (session) => {
        await insertSession(session, signedIn);
        await insertUnnumberedEvents(session, event ? [event] : []);
      }),
    authenticateSession: (hash) => readOnce(pool, (session) => findSignedIn(session, hash)),
    endSession: async (hash, event) => {
      await writeWithEvent(pool, event, (session) => deleteSession(session, hash));
    },
    listTenants: () => inSnapshot(pool, (session) => listTenants(session)),
    findTenant: async (name) => (await inSnapshot(pool, (session) => listTenants(session, name)))[0] ?? null,
    loadLimits: (name) => readOnce(pool, (session) => loadLimits(session, name)),
    setLimits: (name, limits, event) =>
      inTransaction(pool, async (session) => {
        await upsertLimits(session, name, limits, event.at);
        await insertUnnumberedEvent(session, event);
      }),
    async takeRequest(name) {
      // Most tenants have no limit: they cost one read.
      const { requestsPerMinute } = await readOnce(pool, (session) => loadLimits(session, name));
      if (requestsPerMinute === null) return null;
      return await inTransaction(pool, (session) => takeRequestOf(session, name));
    },
    checkReady: () => checkReady(pool),
  };
}

/** The unique keys decide who was first; only who lost against one looks why. */
async function createRental(pool: Pool, rental: NewRental, event: NewEvent): Promise<CreateResult> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await inTransaction<CreateResult>(pool, async (session) => {
        const maxRentals = await lockQuota(session, rental.tenant);
        // The quota last, so that a repeated request still finds its own rental when no other one may be made.
        await insertRental(session, rental);
        const rentals = maxRentals === null ? 0 : (await countOpenOf(session, rental.tenant)) - 1;
        if (maxRentals !== null && rentals >= maxRentals)
          return undo({ kind: 'overQuota', maxRentals, rentals });
        await insertUnnumberedEvent(session, event);
        return { kind: 'created' };
      });
    } catch (error) {
      if (findStoreError(error)?.kind !== 'duplicate') throw error;
      const taken = await inSnapshot(pool, (session) => explainDuplicate(session, rental));
      if (taken) return taken;
      // It ended or was discarded between the two: its name is free again.
      if (attempts === 3) throw error;
    }
  }
}

async function explainDuplicate(session: Session, rental: NewRental): Promise<CreateResult | null> {
  // The key before the name: a repeated request meets its own rental under both.
  if (rental.idempotencyKey !== null) {
    const earlier = await findByIdempotencyKey(session, rental.tenant, rental.idempotencyKey);
    if (earlier && earlier.requestHash !== rental.requestHash) return { kind: 'keyReused' };
    if (earlier) return { kind: 'replayed', rental: earlier.rental };
  }
  const holder = await findRental(session, rental.tenant, rental.name);
  return holder ? { kind: 'exists', rental: holder } : null;
}

/** The event is written when, and only when, the change is. */
async function writeWithEvent(
  pool: Pool,
  event: NewEvent | undefined,
  write: (session: Session) => Promise<boolean>,
): Promise<boolean> {
  return await inTransaction(pool, async (session) => {
    if (!(await write(session))) return undo(false);
    await insertUnnumberedEvents(session, event ? [event] : []);
    return true;
  });
}

async function checkReady(pool: Pool): Promise<{ ready: true } | { ready: false; message: string }> {
  try {
    const problem = await pool.withSession(findSchemaProblem, { statementMs: READY_DEADLINE_MS });
    return problem === null ? { ready: true } : { ready: false, message: problem };
  } catch (thrown) {
    const error = findStoreError(thrown);
    if (!(error instanceof StoreError)) throw thrown;
    return { ready: false, message: `the database can't be used: ${error.message}` };
  }
}
