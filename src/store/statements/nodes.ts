import { and, asc, eq, inArray, isNull, notExists, or, type SQL, sql } from 'drizzle-orm';
import type { Node, NodeRecord, NodeSpec } from '../../core/model/node.ts';
import { withRequest } from '../../core/node/with-request.ts';
import type { NodeRequest } from '../../core/ports/nodes.ts';
import type { Connection } from '../connection/pool.ts';
import { nodes, placements } from '../schema.ts';

type Row = typeof nodes.$inferSelect;

export async function listNodes({ db }: Connection): Promise<Node[]> {
  return (await db.select().from(nodes).orderBy(asc(nodes.name))).map(toNode);
}

export async function loadNode({ db }: Connection, name: string): Promise<Node | null> {
  const [row] = await db.select().from(nodes).where(eq(nodes.name, name));
  return row ? toNode(row) : null;
}

export async function loadNodes({ db }: Connection, names: readonly string[]): Promise<Node[]> {
  return (await db.select().from(nodes).where(inArray(nodes.name, names))).map(toNode);
}

export async function createNodes(
  { db }: Connection,
  rows: { spec: NodeSpec; record: NodeRecord }[],
): Promise<void> {
  if (rows.length > 0)
    await db.insert(nodes).values(rows.map(({ spec, record }) => ({ ...spec, ...record })));
}

export async function listDirtyNodes({ db }: Connection): Promise<string[]> {
  const rows = await db
    .select({ name: nodes.name })
    .from(nodes)
    .where(eq(nodes.dirty, true))
    .orderBy(asc(nodes.name));
  return rows.map(({ name }) => name);
}

/** The inventory's columns. The fence serializes its only writer, so no version is compared. False: it has left. */
export async function updateNodeSpec({ db }: Connection, spec: NodeSpec): Promise<boolean> {
  const { name, ...columns } = spec;
  // A forget request is part of leaving and ends with it. Otherwise it would fire when the node leaves another time.
  const stays = spec.retiring ? {} : { forgetting: false };
  const [result] = await db
    .update(nodes)
    .set({ ...columns, ...stays, generation: nextGeneration })
    .where(eq(nodes.name, name));
  return result.affectedRows === 1;
}

/** For every write of spec or requests: it shows the reconciler that there is something to do. */
const nextGeneration = sql`${nodes.generation} + 1`;

/** Null: there is no such node. False: its state does not allow the request, or it is already in force. */
export async function writeRequest(
  { db }: Connection,
  name: string,
  request: NodeRequest,
): Promise<boolean | null> {
  // Locked, so that what allows the request still holds when it is written.
  const [row] = await db.select().from(nodes).where(eq(nodes.name, name)).for('update');
  if (!row) return null;
  const requests = withRequest(toNode(row), request);
  if (requests === null) return false;
  const { maintenance, accept, ...columns } = requests;
  const { reason = null, by = null, at = null } = maintenance ?? {};
  await db
    .update(nodes)
    .set({
      ...columns,
      maintenanceReason: reason,
      maintenanceBy: by,
      maintenanceAt: at,
      acceptIds: accept?.ids ?? null,
      acceptReason: accept?.reason ?? null,
      acceptBy: accept?.by ?? null,
      acceptAt: accept?.at ?? null,
      generation: nextGeneration,
    })
    .where(eq(nodes.name, name));
  return true;
}

/** The reconciler's columns. False when somebody else wrote them since they were loaded. */
export async function updateNodeRecord(
  { db }: Connection,
  name: string,
  record: NodeRecord,
): Promise<boolean> {
  const { resourceVersion, ...columns } = record;
  const [result] = await db
    .update(nodes)
    .set({ ...columns, resourceVersion: resourceVersion + 1 })
    .where(and(eq(nodes.name, name), eq(nodes.resourceVersion, resourceVersion)));
  return result.affectedRows === 1;
}

/**
 * False when the node is not retiring, or has a placement that is live or not cleaned. Only a node that was given
 * up goes with its residue. Those rows stay, so that the residue is removed should the machine ever join again.
 */
export async function deleteNode({ db }: Connection, name: string): Promise<boolean> {
  const placedWhere = (condition: SQL) =>
    db
      .select({ epoch: placements.epoch })
      .from(placements)
      .where(and(eq(placements.node, name), condition));
  const isEmpty = notExists(placedWhere(isNull(placements.endedAt)));
  const isClean = or(eq(nodes.forgetting, true), notExists(placedWhere(isNull(placements.cleanedAt))));
  const [result] = await db
    .delete(nodes)
    .where(and(eq(nodes.name, name), eq(nodes.retiring, true), isEmpty, isClean));
  return result.affectedRows === 1;
}

/** Never lowers it. Outside the guard of the version: the reconciler may be about to save another field. */
export async function raiseNextUid({ db }: Connection, name: string, nextUid: number): Promise<void> {
  await db
    .update(nodes)
    .set({
      nextUid: sql`greatest(${nodes.nextUid}, ${nextUid})`,
      // Whoever holds the old number must load again before saving it.
      resourceVersion: sql`${nodes.resourceVersion} + 1`,
    })
    .where(and(eq(nodes.name, name), sql`${nodes.nextUid} < ${nextUid}`));
}

/** One statement for the whole fleet; a time never goes back. */
export async function saveLastChecked(
  { execute }: Connection,
  checked: { node: string; at: Date }[],
): Promise<void> {
  const rows = checked.map(({ node, at }) => ({
    node,
    at: at.toISOString().replace('T', ' ').replace('Z', ''),
  }));
  await execute(
    `UPDATE nodes JOIN JSON_TABLE(?, '$[*]' COLUMNS (
       node varchar(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.node',
       at datetime(3) PATH '$.at'
     )) AS checked ON checked.node = nodes.name
     SET nodes.last_checked_at = checked.at
     WHERE nodes.last_checked_at IS NULL OR nodes.last_checked_at < checked.at`,
    [JSON.stringify(rows)],
  );
}

function toNode(row: Row): Node {
  const { name, host, port, user, privateKeyPath, pinnedHostKey, clientHost, clientPort } = row;
  const { zone, labels, retiring, cordoned, draining, cleanRequested, trustedFingerprint, forgetting } = row;
  const { adoptRequested, otherFleet, adoptSeen, acceptRequested, differences, acceptSeen } = row;
  const { status, state, stateSince, hostKey, offeredFingerprint, conditions, preparedAt, verifiedAt } = row;
  const { attempt, nextAttemptAt, lastFailedAt, deaths, nextUid, limits } = row;
  const { unreachableSince, quarantinedAt, lastCleaningReason } = row;
  const { bootId, restartedAt, silentSince } = row;
  const { cleanSeen, observedGeneration, resourceVersion } = row;
  const address = { host, port, user, privateKeyPath, pinnedHostKey, clientHost, clientPort };
  const keys = { hostKey, offeredFingerprint };
  const { maintenanceReason: reason, maintenanceBy: by, maintenanceAt: at } = row;
  const maintenance = by !== null && at !== null ? { reason, by, at } : null;
  const progress = {
    attempt,
    nextAttemptAt,
    lastFailedAt,
    unreachableSince,
    deaths,
    quarantinedAt,
    lastCleaningReason,
    bootId,
    restartedAt,
    silentSince,
    nextUid,
  };
  const asked = { differences, acceptSeen };
  const versions = { cleanSeen, otherFleet, adoptSeen, ...asked, observedGeneration, resourceVersion };
  return {
    spec: { name, ...address, zone, labels, retiring },
    requests: {
      cordoned,
      draining,
      maintenance,
      cleanRequested,
      trustedFingerprint,
      forgetting,
      adoptRequested,
      acceptRequested,
      accept: toAcceptRequest(row),
    },
    record: {
      status,
      state,
      stateSince,
      ...keys,
      conditions,
      preparedAt,
      limits,
      verifiedAt,
      ...progress,
      ...versions,
    },
    generation: row.generation,
    lastCheckedAt: row.lastCheckedAt,
  };
}

function toAcceptRequest({ acceptIds: ids, acceptReason: reason, acceptBy: by, acceptAt: at }: Row) {
  return ids !== null && by !== null && at !== null ? { ids, reason, by, at } : null;
}
