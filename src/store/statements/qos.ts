import { and, asc, eq, gte, inArray, isNotNull, isNull, lt, type SQL } from 'drizzle-orm';
import type { EventType } from '../../core/history/event.ts';
import type { QosQuestion } from '../../core/ports/events.ts';
import {
  NODE_STATE_TYPES,
  type NodeOpening,
  type QosEvent,
  RENTAL_STATE_TYPES,
  silentSinceOf,
  toNodeOpening,
} from '../../core/qos/event.ts';
import type { QosHistory } from '../../core/qos/qos.ts';
import { viewNode } from '../../core/view/node-view.ts';
import type { Connection } from '../connection/pool.ts';
import { rentals } from '../schema.ts';
import { events } from '../schema-history.ts';
import { listNodes } from './nodes.ts';

/** Ids per condition; more are queried in batches. */
const BATCH = 500;

/** Null: more than `limit` entries. The whole window comes from one index (`events_qos`). */
export async function loadQosHistory(connection: Connection, asked: QosQuestion): Promise<QosHistory | null> {
  const { tenant, rentalId, limit } = asked;
  const isAll = tenant === null && rentalId === null;
  const types = isAll ? [...RENTAL_STATE_TYPES, ...NODE_STATE_TYPES] : RENTAL_STATE_TYPES;
  const within = await listRows(connection, asked, [inArray(events.type, types), ...ofWhom(asked)]);
  if (within.length > limit) return null;
  const before = await listRentalRowsBefore(connection, asked, within);
  const ofRentals = [...before, ...within];
  if (isAll) return build(connection, await listOpenings(connection, asked, within, null), ofRentals, limit);
  const nodes = [...new Set(ofRentals.flatMap(({ node }) => node ?? []))];
  const ofNodes: QosEvent[] = [];
  for (const part of partsOf(nodes)) {
    ofNodes.push(
      ...(await listRows(connection, asked, [
        inArray(events.type, NODE_STATE_TYPES),
        inArray(events.node, part),
      ])),
    );
  }
  const openings = await listOpenings(connection, asked, ofNodes, nodes);
  return build(connection, openings, [...ofRentals, ...ofNodes], limit);
}

async function build(
  connection: Connection,
  openings: NodeOpening[],
  rows: QosEvent[],
  limit: number,
): Promise<QosHistory | null> {
  if (rows.length > limit) return null;
  await addSilences(connection, rows);
  return { openings, events: rows };
}

/** Restarts are rare: their objects are read, rather than keeping a column for them in the largest table. */
async function addSilences({ db }: Connection, rows: QosEvent[]): Promise<void> {
  const restarts = new Map(
    rows.filter(({ type }) => type === 'rental.restarted').map((row) => [row.seq, row]),
  );
  for (const part of partsOf([...restarts.keys()])) {
    const found = await db
      .select({ seq: events.seq, object: events.object })
      .from(events)
      .where(inArray(events.seq, part));
    for (const { seq, object } of found) {
      const row = restarts.get(Number(seq));
      if (row) row.silentSinceMs = silentSinceOf(object);
    }
  }
}

function ofWhom({ tenant, rentalId }: QosQuestion): SQL[] {
  const list: SQL[] = [];
  if (tenant !== null) list.push(eq(events.tenant, tenant));
  if (rentalId !== null) list.push(eq(events.rentalId, rentalId));
  return list;
}

const slim = {
  seq: events.seq,
  type: events.type,
  at: events.at,
  rentalId: events.rentalId,
  node: events.node,
  tenant: events.tenant,
  state: events.state,
  unreachable: events.unreachable,
};

/** Entries in the window, one more than `limit` at most. */
async function listRows(
  { db }: Connection,
  { from, to, limit }: QosQuestion,
  conditions: SQL[],
): Promise<QosEvent[]> {
  const rows = await db
    .select(slim)
    .from(events)
    .where(and(gte(events.at, from), lt(events.at, to), isNotNull(events.seq), ...conditions))
    .orderBy(asc(events.at))
    .limit(limit + 1);
  return rows.map(toRow);
}

/** Earlier entries of the rentals that existed when the window began. */
async function listRentalRowsBefore(
  { db }: Connection,
  asked: QosQuestion,
  within: QosEvent[],
): Promise<QosEvent[]> {
  const { from, tenant, rentalId } = asked;
  const ids = new Set(within.flatMap((row) => row.rentalId ?? []));
  const open = await db
    .select({ id: rentals.id })
    .from(rentals)
    .where(
      and(
        isNull(rentals.endedAt),
        lt(rentals.createdAt, from),
        ...(tenant === null ? [] : [eq(rentals.tenant, tenant)]),
        ...(rentalId === null ? [] : [eq(rentals.id, rentalId)]),
      ),
    );
  for (const { id } of open) ids.add(id);
  for (const row of within)
    if (row.type === 'rental.created' && row.rentalId !== null) ids.delete(row.rentalId);
  const found: QosEvent[] = [];
  for (const part of partsOf([...ids])) {
    const rows = await db
      .select(slim)
      .from(events)
      .where(
        and(
          inArray(events.rentalId, part),
          lt(events.at, from),
          isNotNull(events.seq),
          inArray(events.type, RENTAL_STATE_TYPES),
        ),
      );
    found.push(...rows.map(toRow));
  }
  return found;
}

/**
 * Each node as its last entry before the window shows it. A node that has not changed since before the history
 * begins has no such entry; its row is used. `names` null: all.
 */
async function listOpenings(
  connection: Connection,
  asked: QosQuestion,
  within: QosEvent[],
  names: string[] | null,
) {
  const openings = new Map<string, NodeOpening>();
  for (const node of await listNodes(connection)) {
    const { name } = node.spec;
    if (names?.includes(name) === false) continue;
    const now = toNodeOpening({ seq: 0, node: name, object: viewNode(node, null) });
    if (now && now.stateSinceMs < asked.from.getTime()) openings.set(name, now);
  }
  const all = new Set([...(names ?? []), ...openings.keys(), ...within.flatMap(({ node }) => node ?? [])]);
  for (const part of partsOf([...all])) {
    for (const event of await listLastBefore(connection, asked.from, part)) {
      const opening =
        event.type === 'node.removed' ? null : toNodeOpening({ ...event, seq: Number(event.seq) });
      if (opening) openings.set(opening.node, opening);
    }
  }
  return [...openings.values()];
}

/** The last entry about each node before a time, found from the end without scanning older ones. */
async function listLastBefore({ db, execute }: Connection, before: Date, names: string[]) {
  const [first] = await db
    .select({ seq: events.seq })
    .from(events)
    .where(and(gte(events.at, before), isNotNull(events.seq)))
    .orderBy(asc(events.at))
    .limit(1);
  const found = (await execute(
    `SELECT (
       SELECT events.seq FROM events
       WHERE events.node = fleet.name AND events.seq < ? AND events.at < ? AND events.type IN (?)
       ORDER BY events.seq DESC LIMIT 1
     ) AS seq
     FROM JSON_TABLE(?, '$[*]' COLUMNS (name varchar(63) COLLATE utf8mb4_bin PATH '$')) AS fleet`,
    [first?.seq ?? Number.MAX_SAFE_INTEGER, before, NODE_STATE_TYPES, JSON.stringify(names)],
  )) as unknown as { seq: number | null }[];
  const seqs = found.flatMap(({ seq }) => seq ?? []);
  if (seqs.length === 0) return [];
  return await db
    .select({ seq: events.seq, type: events.type, node: events.node, object: events.object })
    .from(events)
    .where(inArray(events.seq, seqs));
}

function* partsOf<Item>(all: Item[]): Generator<Item[]> {
  for (let index = 0; index < all.length; index += BATCH) yield all.slice(index, index + BATCH);
}

function toRow(row: {
  seq: number | null;
  type: string;
  at: Date;
  rentalId: string | null;
  node: string | null;
  tenant: string | null;
  state: string | null;
  unreachable: boolean | null;
}): QosEvent {
  const { seq, type, at, rentalId, node, tenant, state, unreachable } = row;
  return {
    seq: Number(seq),
    type: type as EventType,
    atMs: at.getTime(),
    rentalId,
    node,
    tenant,
    state: state as QosEvent['state'],
    isUnreachable: Boolean(unreachable),
  };
}
