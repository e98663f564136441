import type { ReconcileStore } from '../../core/ports/stores.ts';
import type { Tables } from './tables.ts';

/** What the store knows of the past for the queue. */
export function createQueueHistory({
  rentals,
  placements,
}: Tables): Pick<ReconcileStore, 'listServices' | 'listLeaseUses'> {
  return {
    async listServices() {
      const last = new Map<string, { tenant: string; node: string; at: Date }>();
      for (const { rentalId, node, startedAt, readyAt, endedAt } of placements.values()) {
        const tenant = rentals.get(rentalId)?.tenant;
        if (tenant === undefined || (readyAt === null && endedAt !== null)) continue;
        const key = JSON.stringify([tenant, node]);
        const before = last.get(key);
        if (!before || before.at < startedAt) last.set(key, { tenant, node, at: startedAt });
      }
      return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, service]) => service);
    },
    async listLeaseUses() {
      const ended = [...rentals.values()].filter(({ record }) => record.endedAt !== null);
      ended.sort((a, b) => Number(b.record.endedAt) - Number(a.record.endedAt));
      return ended.flatMap(({ id, record: { endedAt, expiresAt } }) => {
        const ready = [...placements.values()].flatMap(({ rentalId, readyAt }) =>
          rentalId === id && readyAt !== null ? [readyAt.getTime()] : [],
        );
        const began = Math.min(...ready);
        const lease = Number(expiresAt) - began;
        if (ready.length === 0 || expiresAt === null || lease <= 0) return [];
        return [Math.min(1, Math.max(0, (Number(endedAt) - began) / lease))];
      });
    },
  };
}
