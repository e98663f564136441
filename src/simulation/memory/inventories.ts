import type { EventType, NewEvent } from '../../core/history/event.ts';
import {
  diffInventory,
  type InventoryAnswer,
  type InventoryState,
  whyTooMuch,
} from '../../core/model/inventory.ts';
import { FIRST_UID, NO_REQUESTS, type NodeSpec, newNodeRecord } from '../../core/model/node.ts';
import type { ApiStore, InventoryStore } from '../../core/ports/stores.ts';
import { viewNode } from '../../core/view/node-view.ts';
import { type MemoryDeps, underFence } from './saves.ts';
import type { Tables, Transaction } from './tables.ts';

export const NO_INVENTORY: InventoryState = {
  ...{ requested: 0, requestedSha256: null, requestedForce: false, requestedBy: null },
  ...{ answered: 0, answer: null, appliedSha256: null, appliedAt: null },
};

export function createMemoryInventories(
  deps: MemoryDeps,
): InventoryStore & Pick<ApiStore, 'loadInventoryState' | 'requestInventory'> {
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
    async applyInventory(leadership, { specs, sha256, force, answering }, now) {
      const current = [...tables.nodes.values()];
      const diff = diffInventory(
        current.map(({ spec }) => spec),
        specs,
      );
      const tooMuch = force ? null : whyTooMuch(current, diff);
      const answer: InventoryAnswer =
        tooMuch === null
          ? {
              kind: 'applied',
              added: diff.added.map(({ name }) => name),
              changed: diff.changed.map(({ name }) => name),
              retiring: diff.removed.map(({ name }) => name),
            }
          : { kind: 'refused', reason: 'InventoryRefused', message: tooMuch };
      const fence = underFence(deps, leadership, (transaction) => {
        keep(answer, answering, { appliedSha256: sha256, appliedAt: now });
        if (answer.kind === 'refused') return describeAnswer(answer, now);
        const write = (type: EventType, spec: NodeSpec) => writeSpec(tables, transaction, type, spec, now);
        return [
          ...diff.added.map((spec) => write('node.joined', spec)),
          ...diff.changed.map(({ after }) => write('node.changed', after)),
          ...diff.removed.map((spec) => write('node.retiring', { ...spec, retiring: true })),
          ...describeAnswer(answer, now),
        ];
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
    async recordEvent(event) {
      tables.waiting.push(event);
    },
    async requestInventory({ sha256, force, by }, event) {
      if (event) tables.waiting.push(event);
      const requested = (tables.inventory?.requested ?? 0) + 1;
      change({ requested, requestedSha256: sha256, requestedForce: force, requestedBy: by });
      return requested;
    },
  };
}

function writeSpec(
  { nodes, placements }: Tables,
  transaction: Transaction,
  type: EventType,
  spec: NodeSpec,
  now: Date,
): NewEvent {
  const old = nodes.get(spec.name);
  // If the node was in the fleet before, its old placements show which uids were used.
  const used = [...placements.values()].flatMap(({ node, uid }) => (node === spec.name ? [uid] : []));
  const nextUid = Math.max(FIRST_UID, ...used.map((uid) => uid + 1));
  const requests = old
    ? { ...old.requests, forgetting: spec.retiring && old.requests.forgetting }
    : NO_REQUESTS;
  const kept = {
    record: old?.record ?? { ...newNodeRecord(now), nextUid },
    lastCheckedAt: old?.lastCheckedAt ?? null,
  };
  const node = { spec, requests, ...kept, generation: (old?.generation ?? 0) + 1 };
  transaction.set('nodes', nodes, spec.name, node);
  const live = [...placements.values()].find((p) => p.node === spec.name && p.endedAt === null);
  const object = viewNode(node, live?.rentalId ?? null);
  const about = { at: now, rentalId: null, node: spec.name, tenant: null };
  return { type, ...about, reason: 'InventoryApplied', message: type, object };
}

function describeAnswer(answer: InventoryAnswer, at: Date): NewEvent[] {
  const about = { at, rentalId: null, node: null, tenant: null, object: null };
  if (answer.kind === 'refused') {
    return [{ type: 'inventory.refused', ...about, reason: answer.reason, message: answer.message }];
  }
  const count = answer.added.length + answer.changed.length + answer.retiring.length;
  if (count === 0) return [];
  return [{ type: 'inventory.applied', ...about, reason: 'InventoryApplied', message: `${count} nodes` }];
}
