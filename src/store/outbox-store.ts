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

/** The messages to clients, for the one who sends them and for those who look after them. */
export function createOutboxStore(pool: Pool): OutboxStore & DeliveryStore {
  return {
    listDueDeliveries: (now, limit) => readOnce(pool, (session) => listDueDeliveries(session, now, limit)),
    claimDelivery: (leadership, due, until) =>
      underFence(pool, leadership, async (session) => {
        if (!(await claimDelivery(session, due, until))) return { keep: false, result: null };
        const claimed = await loadClaimed(session, due.id);
        const secret = await loadSecretVersion(session, due.tenant);
        return { keep: true, result: claimed && { ...claimed, secret }, events: [] };
      }),
    endAttempt: (delivery, end) => inTransaction(pool, (session) => endAttempt(session, delivery, end)),
    listDeliveries: (tenant, filter, page) =>
      readOnce(pool, (session) => listDeliveries(session, tenant, filter, page)),
    resendDelivery: (tenant, messageId, now, event) =>
      inTransaction(pool, async (session) => {
        const found = await findDelivery(session, tenant, messageId);
        if (found === null) return null;
        await renewDelivery(session, messageId, now);
        const about = { rentalId: found.rentalId, tenant: found.tenant };
        await insertUnnumberedEvents(session, event ? [{ ...event, ...about }] : []);
        return await findDelivery(session, tenant, messageId);
      }),
    countDeliveries: () => readOnce(pool, countDeliveries),
    loadSecretVersion: (tenant) => readOnce(pool, (session) => loadSecretVersion(session, tenant)),
    rotateSecret: (tenant, now, event) =>
      inTransaction(pool, async (session) => {
        await raiseSecretVersion(session, tenant, now);
        await insertUnnumberedEvent(session, event);
        return await loadSecretVersion(session, tenant);
      }),
  };
}
