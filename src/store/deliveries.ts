import type { DeliveryStore, OutboxStore } from '../core/ports/deliveries.ts';
import type { Pool } from './connection/pool.ts';
import { inTransaction, readOnce } from './connection/transaction.ts';
import { underFence } from './fence.ts';
import {
  claimDelivery,
  countDeliveries,
  endAttempt,
  listDeliveries,
  listDueDeliveries,
  loadClaimed,
  loadDelivery,
  resendDelivery,
} from './statements/deliveries.ts';
import { recordEvents } from './statements/events.ts';
import { loadSecretVersion, rotateSecret } from './statements/webhook-secrets.ts';
import { withEvent } from './with-event.ts';

export function createDeliveryStore(pool: Pool): OutboxStore & DeliveryStore {
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
        const found = await loadDelivery(connection, tenant, messageId);
        if (found === null) return null;
        await resendDelivery(connection, messageId, now);
        const about = { rentalId: found.rentalId, tenant: found.tenant };
        await recordEvents(connection, event ? [{ ...event, ...about }] : []);
        return await loadDelivery(connection, tenant, messageId);
      }),
    countDeliveries: () => readOnce(pool, countDeliveries),
    loadSecretVersion: (tenant) => readOnce(pool, (connection) => loadSecretVersion(connection, tenant)),
    rotateSecret: (tenant, now, event) =>
      withEvent(pool, event, async (connection) => {
        await rotateSecret(connection, tenant, now);
        return await loadSecretVersion(connection, tenant);
      }),
  };
}
