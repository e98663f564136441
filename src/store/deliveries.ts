import type { DeliveryStore, OutboxStore } from '../core/ports/deliveries.ts';
import type { Pool } from './connection/pool.ts';
import { inTransaction, readOnce } from './connection/transaction.ts';
import { underFence } from './fence.ts';
import {
  claimDelivery,
  countDeliveries,
  endAttempt,
  findDelivery,
  listDeliveries,
  listDueDeliveries,
  loadClaimed,
  renewDelivery,
} from './statements/deliveries.ts';
import { insertUnnumberedEvent, insertUnnumberedEvents } from './statements/events.ts';
import { loadSecretVersion, raiseSecretVersion } from './statements/webhook-secrets.ts';

/** Messages to clients, for the sender and for those who manage them. */
export function createOutboxStore(pool: Pool): OutboxStore & DeliveryStore {
  return {
    listDueDeliveries: (now, limit) =>
      readOnce(pool, (connection) => listDueDeliveries(connection, now, limit)),
    claimDelivery: (leadership, due, until) =>
      underFence(pool, leadership, async (connection) => {
        if (!(await claimDelivery(connection, due, until))) return { keep: false, result: null };
        const claimed = await loadClaimed(connection, due.id);
        const secret = await loadSecretVersion(connection, due.tenant);
        return { keep: true, result: claimed && { ...claimed, secret }, events: [] };
      }),
    endAttempt: (delivery, end) => inTransaction(pool, (connection) => endAttempt(connection, delivery, end)),
    listDeliveries: (tenant, filter, page) =>
      readOnce(pool, (connection) => listDeliveries(connection, tenant, filter, page)),
    resendDelivery: (tenant, messageId, now, event) =>
      inTransaction(pool, async (connection) => {
        const found = await findDelivery(connection, tenant, messageId);
        if (found === null) return null;
        await renewDelivery(connection, messageId, now);
        const about = { rentalId: found.rentalId, tenant: found.tenant };
        await insertUnnumberedEvents(connection, event ? [{ ...event, ...about }] : []);
        return await findDelivery(connection, tenant, messageId);
      }),
    countDeliveries: () => readOnce(pool, countDeliveries),
    loadSecretVersion: (tenant) => readOnce(pool, (connection) => loadSecretVersion(connection, tenant)),
    rotateSecret: (tenant, now, event) =>
      inTransaction(pool, async (connection) => {
        await raiseSecretVersion(connection, tenant, now);
        await insertUnnumberedEvent(connection, event);
        return await loadSecretVersion(connection, tenant);
      }),
  };
}
