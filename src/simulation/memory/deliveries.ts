import type { DeliveryStore, OutboxStore } from '../../core/ports/deliveries.ts';
import {
  afterAttempt,
  type ClaimedDelivery,
  type Delivery,
  type DeliveryRow,
  startOver,
} from '../../core/ports/delivery.ts';
import { parseNumberCursor, toPage } from '../../core/ports/page.ts';
import { NEW_TENANT, type Tables } from './tables.ts';
import { type MemoryDeps, underFence, write } from './transaction.ts';

export function createMemoryDeliveries(deps: MemoryDeps): OutboxStore & DeliveryStore {
  return { ...createOutbox(deps), ...createDeliveries(deps) };
}

function createOutbox(deps: MemoryDeps): OutboxStore {
  const { tables } = deps;
  const { deliveries, rentals } = tables;
  /** The message if no attempt was made since. */
  const pendingAt = ({ id, attempts }: Pick<ClaimedDelivery, 'id' | 'attempts'>) => {
    const row = deliveries.get(id);
    return row?.state === 'pending' && row.attempts === attempts ? row : undefined;
  };
  return {
    async listDueDeliveries(now, limit) {
      const firsts = new Map<string, DeliveryRow>();
      for (const row of deliveries.values())
        if (row.state === 'pending' && !firsts.has(row.rentalId)) firsts.set(row.rentalId, row);
      const due = [...firsts.values()].filter(({ nextAttemptAt }) => nextAttemptAt && nextAttemptAt <= now);
      due.sort((a, b) => Number(a.nextAttemptAt) - Number(b.nextAttemptAt) || a.id - b.id);
      return due.slice(0, limit).map(({ id, rentalId, tenant, url, attempts }) => {
        // To the current webhook; when the rental itself is gone, to the one of that time.
        const rental = rentals.get(rentalId);
        return { id, rentalId, tenant, url: rental ? rental.spec.webhookUrl : url, attempts };
      });
    },
    async claimDelivery(leadership, due, until) {
      let claimed: ClaimedDelivery | null = null;
      const fence = underFence(deps, leadership, () => {
        const row = pendingAt(due);
        if (!row) return null;
        const { id, messageId, body, giveUpAt, url } = row;
        const attempts = due.attempts + 1;
        deliveries.set(id, { ...row, attempts, nextAttemptAt: until, url: due.url ?? url });
        claimed = { id, messageId, attempts, body, giveUpAt, secret: secretOf(tables, due.tenant) };
        return [];
      });
      return fence === 'deposed' ? 'deposed' : claimed;
    },
    async endAttempt(attempt, end) {
      const row = pendingAt(attempt);
      if (row) deliveries.set(row.id, { ...row, ...afterAttempt(end) });
      return row !== undefined;
    },
  };
}

function createDeliveries(deps: MemoryDeps): DeliveryStore {
  const { tables } = deps;
  const { deliveries, tenants } = tables;
  const isOf = (row: Delivery, tenant: string | null) => tenant === null || row.tenant === tenant;
  return {
    async listDeliveries(tenant, { state, rentalId }, { limit, cursor }) {
      const before = cursor === null ? Infinity : parseNumberCursor(cursor);
      const rows = [...deliveries.values()].filter(
        (row) =>
          isOf(row, tenant) &&
          (state === null || row.state === state) &&
          (rentalId === null || row.rentalId === rentalId) &&
          row.id < before,
      );
      const { items, nextCursor } = toPage(rows.toReversed(), limit, ({ id }) => String(id));
      return { items: items.map(toDelivery), nextCursor };
    },
    async resendDelivery(tenant, messageId, now, event) {
      const old = [...deliveries.values()].find((row) => row.messageId === messageId && isOf(row, tenant));
      if (!old) return null;
      const next = { ...old, ...(old.state === 'pending' ? { nextAttemptAt: now } : startOver(now)) };
      const about = { rentalId: old.rentalId, tenant: old.tenant };
      write(deps, event ? [{ ...event, ...about }] : [], () => {
        deliveries.set(old.id, next);
        return true;
      });
      return toDelivery(next);
    },
    async countDeliveries() {
      const counts = new Map<Delivery['state'], number>();
      for (const { state } of deliveries.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
      return [...counts].map(([state, count]) => ({ state, count }));
    },
    loadSecretVersion: async (tenant) => secretOf(tables, tenant),
    async rotateSecret(tenant, now, event) {
      const secret = { version: secretOf(tables, tenant).version + 1, rotatedAt: now };
      const row = tenants.get(tenant) ?? { ...NEW_TENANT, updatedAt: now };
      write(deps, [event], () => {
        tenants.set(tenant, { ...row, secret });
        return true;
      });
      return secret;
    },
  };
}

function secretOf({ tenants }: Tables, tenant: string) {
  return (tenants.get(tenant) ?? NEW_TENANT).secret;
}

function toDelivery({ id: _id, body: _body, giveUpAt: _until, ...delivery }: DeliveryRow): Delivery {
  return delivery;
}
