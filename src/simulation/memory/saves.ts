import { withOverrideUsed } from '../../core/model/controls.ts';
import { newPlacement, type Placement } from '../../core/model/rental.ts';
import {
  type Cutoffs,
  checkSave,
  endsFirst,
  plausibleCounters,
  type Save,
  type SaveStore,
} from '../../core/ports/saves.ts';
import { CONTROLS_KEY, controlsOf } from './controls.ts';
import type { Tables, Transaction } from './tables.ts';
import { type MemoryDeps, underFence } from './transaction.ts';

export function createMemorySaves(deps: MemoryDeps): SaveStore {
  const { tables } = deps;
  const { nodes, lease } = tables;
  return {
    async save(leadership, save) {
      checkSave(save);
      const fence = underFence(deps, leadership, (transaction, number) =>
        writeAll(tables, transaction, save, number) ? save.events : null,
      );
      if (fence === 'deposed') return { kind: 'deposed' };
      return fence === null ? { kind: 'conflict' } : { kind: 'saved', fence };
    },
    async raiseCounters(leadership, seen) {
      const { fence, nextUid } = plausibleCounters(seen);
      const result = underFence(deps, leadership, (transaction) => {
        lease.seq = Math.max(lease.seq, fence ?? 0);
        const node = nodes.get(seen.node);
        if (node && nextUid !== null && node.record.nextUid < nextUid) {
          const record = nextVersion({ ...node.record, nextUid });
          transaction.set('nodes', nodes, seen.node, { ...node, record });
        }
        return [];
      });
      return result !== 'deposed';
    },
    async saveLastChecked(leadership, checked) {
      const fence = underFence(deps, leadership, (transaction) => {
        for (const { node: name, at } of checked) {
          const node = nodes.get(name);
          if (!node || (node.lastCheckedAt !== null && node.lastCheckedAt >= at)) continue;
          transaction.set('nodes', nodes, name, { ...node, lastCheckedAt: at });
        }
        return [];
      });
      return fence !== 'deposed';
    },
    async numberEvents(leadership) {
      if (tables.waiting.length > 0) underFence(deps, leadership, () => []);
    },
    async purge(leadership, cutoffs) {
      const purged = { rentals: 0, events: 0, deliveries: 0 };
      const fence = underFence(deps, leadership, (transaction) => {
        purged.rentals = purgeRentals(tables, transaction, cutoffs);
        purged.events = purgeEvents(tables, cutoffs);
        purged.deliveries = purgeDeliveries(tables, cutoffs);
        return [];
      });
      return fence === 'deposed' ? 'deposed' : purged;
    },
  };
}

/** False: a guard did not hold. */
function writeAll(tables: Tables, transaction: Transaction, save: Save, fence: number): boolean {
  const { nodes, placements } = tables;
  for (const { name, record } of save.nodes ?? []) {
    const node = nodes.get(name);
    if (node?.record.resourceVersion !== record.resourceVersion) return false;
    transaction.set('nodes', nodes, name, { ...node, record: nextVersion(record) });
  }
  for (const change of save.rentals ?? []) if (!writeRental(tables, transaction, change)) return false;
  for (const { epoch, set } of endsFirst(save)) {
    const old = placements.get(epoch);
    if (!old || old.endedAt !== null || !putPlacement(tables, transaction, { ...old, ...set })) return false;
  }
  if (save.overrideUsed !== undefined) {
    const used = withOverrideUsed(controlsOf(tables), save.overrideUsed);
    if (used === null) return false;
    transaction.set('controls', tables.controls, CONTROLS_KEY, used);
  }
  if (save.bind) {
    if (!putPlacement(tables, transaction, newPlacement(save.bind, fence))) return false;
    // If the transaction is undone, nobody ever reads the decision under its number.
    if (save.bind.decision) tables.decisions.set(fence, save.bind.decision);
  }
  for (const { epoch, report } of save.reports ?? []) {
    const row = placements.get(epoch);
    if (!row || row.endedAt === null) return false;
    transaction.set('placements', placements, epoch, { ...row, report });
  }
  return writeCleaned(tables, transaction, save) && removeNodes(tables, transaction, save.removeNodes ?? []);
}

function nextVersion<Row extends { resourceVersion: number }>(record: Row): Row {
  return { ...record, resourceVersion: record.resourceVersion + 1 };
}

function writeRental(
  { rentals }: Tables,
  transaction: Transaction,
  change: NonNullable<Save['rentals']>[number],
): boolean {
  const row = rentals.get(change.id);
  if (row?.record.resourceVersion !== change.record.resourceVersion) return false;
  const seen =
    row.generation === change.seenGeneration &&
    (row.releaseRequestedAt !== null) === change.seenReleaseRequested;
  const dirty = seen || change.record.endedAt !== null ? false : row.dirty;
  transaction.set('rentals', rentals, change.id, { ...row, dirty, record: nextVersion(change.record) });
  return true;
}

/** The unique keys: one live placement per node, and per rental and role. */
function putPlacement({ placements }: Tables, transaction: Transaction, row: Placement): boolean {
  const clashes = (other: Placement) =>
    other.endedAt === null &&
    other.epoch !== row.epoch &&
    (other.node === row.node || (other.rentalId === row.rentalId && other.role === row.role));
  if (row.endedAt === null && [...placements.values()].some(clashes)) return false;
  transaction.set('placements', placements, row.epoch, row);
  return true;
}

function writeCleaned({ placements }: Tables, transaction: Transaction, { cleaned }: Save): boolean {
  for (const epoch of cleaned?.epochs ?? []) {
    const row = placements.get(epoch);
    if (!row || row.endedAt === null) return false;
    const cleanedAt = row.cleanedAt ?? (cleaned?.at as Date);
    transaction.set('placements', placements, epoch, { ...row, cleanedAt });
  }
  return true;
}

/** Only a node that was given up goes with uncleaned placements, and no node goes with a live one. */
function removeNodes({ nodes, placements }: Tables, transaction: Transaction, names: string[]): boolean {
  for (const name of names) {
    const node = nodes.get(name);
    const isInTheWay = ({ node: on, endedAt, cleanedAt }: Placement) =>
      on === name && (endedAt === null || (cleanedAt === null && !node?.requests.forgetting));
    if (!node?.spec.retiring || [...placements.values()].some(isInTheWay)) return false;
    transaction.set('nodes', nodes, name, undefined);
  }
  return true;
}

/** A rental with an uncleaned placement stays: its residue must still be removed. */
function purgeRentals(
  { rentals, placements }: Tables,
  transaction: Transaction,
  { rentalsEndedBefore, limit }: Cutoffs,
): number {
  const placed = [...placements.values()];
  const uncleaned = new Set(placed.flatMap((row) => (row.cleanedAt === null ? [row.rentalId] : [])));
  const old = [...rentals.values()].filter(
    ({ id, record }) => record.endedAt !== null && record.endedAt < rentalsEndedBefore && !uncleaned.has(id),
  );
  old.sort((a, b) => Number(a.record.endedAt) - Number(b.record.endedAt));
  const gone = new Set(old.slice(0, limit).map(({ id }) => id));
  for (const { epoch, rentalId } of placed)
    if (gone.has(rentalId)) transaction.set('placements', placements, epoch, undefined);
  for (const id of gone) transaction.set('rentals', rentals, id, undefined);
  return gone.size;
}

/** Those of the first `limit` that are old enough. */
function purgeEvents({ events }: Tables, { eventsBefore, limit }: Cutoffs): number {
  const first = events.slice(0, limit);
  const kept = first.filter(({ at }) => at >= eventsBefore);
  events.splice(0, first.length, ...kept);
  return first.length - kept.length;
}

function purgeDeliveries({ deliveries }: Tables, { deliveredBefore, deadBefore, limit }: Cutoffs): number {
  const old = [...deliveries.values()].filter(
    ({ state, endedAt }) =>
      endedAt !== null && endedAt < (state === 'delivered' ? deliveredBefore : deadBefore),
  );
  old.sort((a, b) => Number(a.endedAt) - Number(b.endedAt));
  const gone = old.slice(0, limit);
  for (const { id } of gone) deliveries.delete(id);
  return gone.length;
}
