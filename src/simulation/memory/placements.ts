import type { PlacementStore } from '../../core/ports/placements.ts';
import type { Tables } from './tables.ts';

export function createMemoryPlacements(tables: Tables): PlacementStore {
  const { placements, decisions } = tables;
  return {
    async listPlacementsOnNodes(node) {
      const open = [...placements.values()].filter(({ cleanedAt }) => cleanedAt === null);
      return node === undefined ? open : open.filter((placement) => placement.node === node);
    },
    async listPlacementsOfNode(name, { before, limit }) {
      const placed = [...placements.values()].filter(
        ({ node, epoch }) => node === name && (before === null || epoch < before),
      );
      return placed.sort((a, b) => b.epoch - a.epoch).slice(0, limit);
    },
    async listOccupants(names) {
      const occupants = occupantsOf(tables);
      return names ? new Map([...occupants].filter(([name]) => names.includes(name))) : occupants;
    },
    loadDecision: async (epoch) => decisions.get(epoch) ?? null,
    ...createQueueHistory(tables),
  };
}

/** node name -> rental id. */
export function occupantsOf({ placements }: Tables): Map<string, string> {
  const live = [...placements.values()].filter(({ endedAt }) => endedAt === null);
  return new Map(live.map(({ node, rentalId }) => [node, rentalId]));
}

/** What the store knows of the past for the queue. */
function createQueueHistory({
  rentals,
  placements,
}: Tables): Pick<PlacementStore, 'listServices' | 'listLeaseUses'> {
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
