import type { NewEvent } from '../../core/history/event.ts';
import { LAST_UID } from '../../core/model/node.ts';
import type { Placement } from '../../core/model/rental.ts';
import type { Leadership, LeadershipStore, ReconcileStore, Save } from '../../core/ports/stores.ts';
import { compareAge } from '../../core/scheduling/queue.ts';
import { CONTROLS_KEY, controlsOf, withOverrideUsed } from './controls.ts';
import { createQueueHistory } from './placements.ts';
import { type Commit, type Tables, type Transaction, toRental, transact } from './tables.ts';

export interface MemoryDeps {
  tables: Tables;
  /** The database's own clock. */
  nowMs: () => number;
  onCommit: (commit: Commit) => void;
}

/** Far below 2^53, where JavaScript's numbers stop being exact. */
const HIGHEST_PLAUSIBLE_FENCE = 2 ** 48;

export function createMemoryLeadership({ tables, nowMs }: MemoryDeps): LeadershipStore {
  const { lease } = tables;
  return {
    async acquire({ holder, durationMs }) {
      if (lease.expiresAtMs > nowMs() && lease.holder !== holder) return null;
      Object.assign(lease, { holder, token: lease.token + 1, expiresAtMs: nowMs() + durationMs });
      return { token: lease.token };
    },
    async renew({ token }, { holder, durationMs }) {
      if (lease.token !== token || lease.holder !== holder) return false;
      lease.expiresAtMs = nowMs() + durationMs;
      return true;
    },
    async release({ token }) {
      if (lease.token === token) Object.assign(lease, { holder: '', expiresAtMs: nowMs() });
    },
  };
}

/**
 * One transaction of the leader. Returns its fence number, 'deposed' when the writer no longer leads, or null when
 * `work` undid it. Waiting events get their numbers first, then the transaction's own.
 */
export function underFence(
  { tables, nowMs, onCommit }: MemoryDeps,
  { token }: Leadership,
  work: (transaction: Transaction, fence: number) => NewEvent[] | null,
): number | 'deposed' | null {
  const { lease } = tables;
  if (lease.token !== token || lease.expiresAtMs <= nowMs()) return 'deposed';
  const fence = lease.seq + 1;
  let own: NewEvent[] | null = null;
  const changes = transact((transaction) => {
    own = work(transaction, fence);
    return own !== null;
  });
  if (changes === null || own === null) return null;
  lease.seq = Math.max(lease.seq, fence);
  const events = [...tables.waiting.splice(0), ...(own as NewEvent[])].map((event) => {
    const object = typeof event.object === 'function' ? event.object(fence) : event.object;
    return { ...event, object: object ?? null, seq: ++lease.seq };
  });
  tables.events.push(...events.map(({ notice: _told, ...event }) => event));
  onCommit({ fence, token, changes, events });
  return fence;
}

export function createMemoryReconcileStore(deps: MemoryDeps): ReconcileStore {
  const { tables } = deps;
  const { nodes, rentals, placements } = tables;
  return {
    async listDirtyRentals() {
      return [...rentals.values()]
        .filter(({ dirty }) => dirty)
        .sort(compareAge)
        .map(({ id }) => id);
    },
    async listDirtyNodes() {
      const dirty = [...nodes.values()].filter(
        ({ generation, record }) => generation !== record.observedGeneration,
      );
      return dirty.map(({ spec }) => spec.name).sort();
    },
    listNodes: async () => [...nodes.values()].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1)),
    loadNode: async (name) => nodes.get(name) ?? null,
    async listOpenRentals() {
      const open = [...rentals.values()].filter(({ record }) => record.endedAt === null);
      return open.sort(compareAge).map((row) => toRental(tables, row));
    },
    async loadRental(id) {
      const row = rentals.get(id);
      return row ? toRental(tables, row) : null;
    },
    ...createQueueHistory(tables),
    loadControls: async () => controlsOf(tables.controls),
    async isBreakerOpen() {
      const last = tables.events.findLast(({ type }) => type.startsWith('pool.breaker_'));
      return last?.type === 'pool.breaker_opened';
    },
    async listPlacementsOnNodes(node) {
      const open = [...placements.values()].filter(({ cleanedAt }) => cleanedAt === null);
      return node === undefined ? open : open.filter((placement) => placement.node === node);
    },
    async save(leadership, save) {
      checkSave(save);
      const fence = underFence(deps, leadership, (transaction, number) =>
        writeAll(tables, transaction, save, number) ? save.events : null,
      );
      if (fence === 'deposed') return { kind: 'deposed' };
      return fence === null ? { kind: 'conflict' } : { kind: 'saved', fence };
    },
    async raiseCounters(leadership, seen) {
      const fence = underFence(deps, leadership, (transaction) => {
        // A lying node must not use up the numbers of all others.
        if (seen.fence <= HIGHEST_PLAUSIBLE_FENCE) tables.lease.seq = Math.max(tables.lease.seq, seen.fence);
        const node = nodes.get(seen.node);
        if (node && seen.nextUid <= LAST_UID + 1 && node.record.nextUid < seen.nextUid) {
          const { nextUid } = seen;
          const record = { ...node.record, nextUid, resourceVersion: node.record.resourceVersion + 1 };
          transaction.set('nodes', nodes, seen.node, { ...node, record });
        }
        return [];
      });
      return fence !== 'deposed';
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
    // A simulated history ends long before anything is old enough to be deleted.
    async purge(leadership) {
      const fence = underFence(deps, leadership, () => []);
      return fence === 'deposed' ? 'deposed' : { rentals: 0, events: 0, deliveries: 0 };
    },
    async numberEvents(leadership) {
      if (tables.waiting.length > 0) underFence(deps, leadership, () => []);
    },
  };
}

function checkSave({ bind, nodes }: Save): void {
  if (bind && !nodes?.some(({ name }) => name === bind.node)) {
    throw new TypeError(`a binding to ${bind.node} needs the record of that node in the same save`);
  }
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
  const changes = save.placements ?? [];
  // Ends come first: they make room for the new binding and for the role that is taken over.
  for (const { epoch, set } of [
    ...changes.filter(({ set }) => set.endedAt),
    ...changes.filter(({ set }) => !set.endedAt),
  ]) {
    const old = placements.get(epoch);
    if (!old || old.endedAt !== null || !putPlacement(tables, transaction, { ...old, ...set })) return false;
  }
  if (save.overrideUsed !== undefined) {
    const used = withOverrideUsed(controlsOf(tables.controls), save.overrideUsed);
    if (used === null) return false;
    transaction.set('controls', tables.controls, CONTROLS_KEY, used);
  }
  if (save.bind) {
    const unset = {
      readyAt: null,
      appliedKey: null,
      appliedExpiresAt: null,
      endedAt: null,
      endReason: null,
      cleanedAt: null,
    };
    const { decision, ...bound } = save.bind;
    if (!putPlacement(tables, transaction, { ...bound, ...unset, epoch: fence })) return false;
    // If the transaction is undone, nobody ever reads the decision under its number.
    if (decision) tables.decisions.set(fence, decision);
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
