import type { NewEvent } from '../../core/history/event.ts';
import type { DeliveryStore } from '../../core/ports/deliveries.ts';
import type { Delivery } from '../../core/ports/delivery.ts';
import type { SecretVersion } from '../../core/tenant/secret-rotation.ts';

/** The outbox as the API sees it, in memory: oldest first. Nobody sends from it. */
export function createMemoryDeliveries(
  deliveries: Delivery[],
  write: (event: NewEvent) => void,
): DeliveryStore {
  const secrets = new Map<string, SecretVersion>();
  const versionOf = (tenant: string) => secrets.get(tenant) ?? { version: 1, rotatedAt: null };
  const isOf = (delivery: Delivery, tenant: string | null) => tenant === null || delivery.tenant === tenant;
  return {
    async listDeliveries(tenant, { state, rentalId }, { limit, cursor }) {
      const placed = deliveries.map((delivery, index) => ({ delivery, place: index + 1 })).toReversed();
      if (cursor !== null && !/^\d{1,15}$/.test(cursor)) {
        throw Object.assign(new Error('not a cursor'), { name: 'InvalidCursorError' });
      }
      const fitting = placed.filter(
        ({ delivery, place }) =>
          isOf(delivery, tenant) &&
          (state === null || delivery.state === state) &&
          (rentalId === null || delivery.rentalId === rentalId) &&
          (cursor === null || place < Number(cursor)),
      );
      const page = fitting.slice(0, limit);
      const hasMore = fitting.length > page.length;
      return {
        items: page.map(({ delivery }) => delivery),
        nextCursor: hasMore ? String(page.at(-1)?.place) : null,
      };
    },
    async resendDelivery(tenant, messageId, now, event) {
      const index = deliveries.findIndex((each) => each.messageId === messageId && isOf(each, tenant));
      const old = deliveries[index];
      if (!old) return null;
      const anew = { state: 'pending', attempts: 0, endedAt: null } as const;
      const next = { ...old, ...(old.state === 'pending' ? {} : anew), nextAttemptAt: now };
      deliveries[index] = next;
      if (event) write({ ...event, rentalId: old.rentalId, tenant: old.tenant });
      return next;
    },
    async countDeliveries() {
      const counts = new Map<Delivery['state'], number>();
      for (const { state } of deliveries) counts.set(state, (counts.get(state) ?? 0) + 1);
      return [...counts].map(([state, count]) => ({ state, count }));
    },
    loadSecretVersion: async (tenant) => versionOf(tenant),
    async rotateSecret(tenant, now, event) {
      secrets.set(tenant, { version: versionOf(tenant).version + 1, rotatedAt: now });
      write(event);
      return versionOf(tenant);
    },
  };
}
