import {
  describeAnswer,
  describeChanges,
  type InventoryRows,
  listMovedNodes,
} from '../../core/fleet/inventory-events.ts';
import {
  answerInventory,
  type InventoryAnswer,
  type InventoryDiff,
  type InventoryState,
  NO_INVENTORY,
} from '../../core/model/inventory.ts';
import { NO_REQUESTS, type NodeSpec, newNodeRecord } from '../../core/model/node.ts';
import type { InventoryStore } from '../../core/ports/inventories.ts';
import { occupantsOf } from './placements.ts';
import { type Tables, type Transaction, toRental } from './tables.ts';
import { type MemoryDeps, underFence, write } from './transaction.ts';

export function createMemoryInventories(deps: MemoryDeps): InventoryStore {
  const { tables } = deps;
  const change = (set: Partial<InventoryState>) => {
    tables.inventory = { ...(tables.inventory ?? NO_INVENTORY), ...set };
  };
  const keep = (answer: InventoryAnswer, answering: number | null, applied: Partial<InventoryState>) =>
    change({
      ...(answer.kind === 'applied' ? applied : {}),
      ...(answering === null ? {} : { answered: answering, answer }),
    });
  return {
    async applyInventory(leadership, { sha256, answering, ...wanted }, now) {
      const { diff, answer } = answerInventory([...tables.nodes.values()], wanted);
      const fence = underFence(deps, leadership, (transaction) => {
        keep(answer, answering, { appliedSha256: sha256, appliedAt: now });
        for (const spec of diff.added) writeSpec(tables, transaction, spec, now);
        for (const { after } of diff.changed) writeSpec(tables, transaction, after, now);
        for (const spec of diff.removed) writeSpec(tables, transaction, { ...spec, retiring: true }, now);
        return [...describeChanges(diff, rowsAfter(tables, diff), now), ...describeAnswer(answer, now)];
      });
      return fence === 'deposed' ? 'deposed' : answer;
    },
    async refuseInventory(leadership, answer, answering, now) {
      const fence = underFence(deps, leadership, () => {
        keep(answer, answering, {});
        return describeAnswer(answer, now);
      });
      return fence !== 'deposed';
    },
    loadInventoryState: async () => tables.inventory,
    async requestInventory({ sha256, force, by }, event) {
      const requested = (tables.inventory?.requested ?? 0) + 1;
      write(deps, event ? [event] : [], () => {
        change({ requested, requestedSha256: sha256, requestedForce: force, requestedBy: by });
        return true;
      });
      return requested;
    },
  };
}

function rowsAfter(tables: Tables, diff: InventoryDiff): InventoryRows {
  const occupants = occupantsOf(tables);
  const rows = listMovedNodes(diff).flatMap((name) => tables.rentals.get(occupants.get(name) ?? '') ?? []);
  return {
    nodes: tables.nodes,
    occupants,
    rentals: new Map(rows.map((row) => [row.id, toRental(tables, row)])),
  };
}

function writeSpec({ nodes, placements }: Tables, transaction: Transaction, spec: NodeSpec, now: Date): void {
  const old = nodes.get(spec.name);
  const uids = [...placements.values()].flatMap(({ node, uid }) => (node === spec.name ? [uid] : []));
  // A forget request is part of leaving and ends with it.
  const requests = old
    ? { ...old.requests, forgetting: spec.retiring && old.requests.forgetting }
    : NO_REQUESTS;
  transaction.set('nodes', nodes, spec.name, {
    spec,
    requests,
    record: old?.record ?? newNodeRecord(now, Math.max(0, ...uids)),
    lastCheckedAt: old?.lastCheckedAt ?? null,
    generation: (old?.generation ?? 0) + 1,
  });
}
