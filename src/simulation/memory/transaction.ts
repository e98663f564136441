import type { NewEvent } from '../../core/history/event.ts';
import { newDelivery } from '../../core/ports/delivery.ts';
import type { Leadership } from '../../core/ports/leadership.ts';
import { type Commit, type Tables, type Transaction, transact } from './tables.ts';

export interface MemoryDeps {
  tables: Tables;
  /** The database's own clock. */
  nowMs: () => number;
  onCommit: (commit: Commit) => void;
}

/** A transaction of the API with its events: all of it, or nothing when `work` returns false. */
export function write(
  { tables, onCommit }: MemoryDeps,
  events: NewEvent[],
  work: (transaction: Transaction) => boolean,
): boolean {
  const changes = transact(work);
  if (changes === null) return false;
  tables.waiting.push(...events);
  onCommit({ fence: null, token: null, changes, events: events.map((event) => ({ ...event, seq: null })) });
  return true;
}

/**
 * A transaction of the leader. Returns its fence number, 'deposed' when the writer no longer leads, or null when
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
  const waiting = tables.waiting.splice(0);
  const events = [...waiting, ...(own as NewEvent[])].map((event) => {
    const object = typeof event.object === 'function' ? event.object(fence) : event.object;
    return { ...event, object: object ?? null, actor: event.actor ?? null, seq: ++lease.seq };
  });
  tables.events.push(...events.map(({ notice: _told, ...event }) => event));
  for (const event of events.slice(waiting.length)) putDelivery(tables, event, { seq: event.seq, fence });
  onCommit({ fence, token, changes, events });
  return fence;
}

/** A number is never used twice, so the ids need no chance to be unique. */
const SUFFIX = '0'.repeat(12);

function putDelivery(tables: Tables, event: NewEvent, numbers: { seq: number; fence: number }): void {
  const row = newDelivery(event, numbers, SUFFIX);
  if (row === null) return;
  const id = ++tables.lastDelivery;
  tables.deliveries.set(id, { ...row, id });
}
