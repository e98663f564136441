import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm';
import type { EventType, NewEvent, StoredEvent } from '../../core/history/event.ts';
import type { StoredEventFilter } from '../../core/history/event-filter.ts';
import type { Connection } from '../connection/pool.ts';
import { events } from '../schema-history.ts';
import { createDeliveries } from './deliveries.ts';

/** From the API: the leader numbers them soon after. */
export async function recordEvents({ db }: Connection, list: NewEvent[]): Promise<void> {
  if (list.length > 0) await db.insert(events).values(list.map((event) => toRow(event, null, null)));
}

/** From the leader: numbered from `firstSeq` on. The outbox gets their messages to clients. */
export async function recordNumbered(
  connection: Connection,
  list: NewEvent[],
  firstSeq: number,
  fence: number,
): Promise<void> {
  if (list.length === 0) return;
  await connection.db
    .insert(events)
    .values(list.map((event, index) => toRow(event, firstSeq + index, fence)));
  // Only here, so that no message is sent without its event, and no event is written without its message.
  const numbered = list.map((event, index) => ({ event, seq: firstSeq + index }));
  await createDeliveries(connection, numbered, fence);
}

/** Ids of committed events without a number, oldest first. */
export async function listUnnumbered({ db }: Connection): Promise<number[]> {
  const rows = await db
    .select({ id: events.id })
    .from(events)
    .where(isNull(events.seq))
    .orderBy(asc(events.id));
  return rows.map(({ id }) => id);
}

/** Takes ids rather than a condition: events that commit meanwhile must neither block nor be blocked. */
export async function assignNumbers({ execute }: Connection, ids: number[], firstSeq: number): Promise<void> {
  if (ids.length === 0) return;
  await execute(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (position FOR ORDINALITY, id bigint PATH '$')) AS fresh
     STRAIGHT_JOIN events ON events.id = fresh.id
     SET events.seq = ? + fresh.position
     WHERE events.seq IS NULL`,
    [JSON.stringify(ids), firstSeq - 1],
  );
}

export async function listEvents(
  { db }: Connection,
  tenant: string | null,
  filter: StoredEventFilter & { afterSeq: number; limit: number },
): Promise<StoredEvent[]> {
  const rows = await db
    .select()
    .from(events)
    .where(and(gt(events.seq, filter.afterSeq), ...conditions(tenant, filter)))
    .orderBy(asc(events.seq))
    .limit(filter.limit);
  return rows.map(toEvent);
}

export async function listRecentEvents(
  { db }: Connection,
  tenant: string | null,
  filter: StoredEventFilter & { beforeSeq: number | null; limit: number },
): Promise<StoredEvent[]> {
  const { beforeSeq } = filter;
  const bound = beforeSeq === null ? isNotNull(events.seq) : lt(events.seq, beforeSeq);
  const rows = await db
    .select()
    .from(events)
    .where(and(bound, ...conditions(tenant, filter)))
    .orderBy(desc(events.seq))
    .limit(filter.limit);
  return rows.map(toEvent);
}

/** From the last event about the breaker. */
export async function isBreakerOpen({ db }: Connection): Promise<boolean> {
  const types: EventType[] = ['pool.breaker_opened', 'pool.breaker_closed'];
  const [last] = await db
    .select({ type: events.type })
    .from(events)
    .where(and(isNotNull(events.seq), inArray(events.type, types)))
    .orderBy(desc(events.seq))
    .limit(1);
  return last?.type === 'pool.breaker_opened';
}

/** Numbers are assigned and committed one save at a time, so nothing below the highest is still to come. */
export async function lastEventSeq({ db }: Connection): Promise<number> {
  const [row] = await db.select({ last: sql<number | null>`max(${events.seq})` }).from(events);
  return Number(row?.last ?? 0);
}

export async function firstEventSeq({ db }: Connection): Promise<number> {
  const [row] = await db.select({ first: sql<number | null>`min(${events.seq})` }).from(events);
  return Number(row?.first ?? 0);
}

function conditions(tenant: string | null, filter: StoredEventFilter): SQL[] {
  const list: SQL[] = [];
  if (tenant !== null) list.push(eq(events.tenant, tenant));
  if (filter.rentalId !== null) list.push(eq(events.rentalId, filter.rentalId));
  if (filter.node !== null) list.push(eq(events.node, filter.node));
  if (filter.type !== null) list.push(eq(events.type, filter.type));
  return list;
}

function toRow(event: NewEvent, seq: number | null, fence: number | null): typeof events.$inferInsert {
  const { notice: _told, ...entry } = event;
  const object = typeof event.object === 'function' ? event.object(fence) : event.object;
  return { ...entry, seq, object: object ?? null, actor: event.actor ?? null };
}

function toEvent(row: typeof events.$inferSelect): StoredEvent {
  const { at, rentalId, node, tenant, reason, message, object, actor } = row;
  const type = row.type as EventType;
  return { seq: Number(row.seq), type, at, rentalId, node, tenant, reason, message, object, actor };
}
