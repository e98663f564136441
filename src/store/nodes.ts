import { and, asc, eq, ne, notExists, sql } from 'drizzle-orm';
import type { Node, NodeRecord, NodeSpec } from '../core/node.ts';
import type { Session } from './pool.ts';
import { nodes, placements } from './schema.ts';

type Row = typeof nodes.$inferSelect;

export async function listNodes({ db }: Session): Promise<Node[]> {
  return (await db.select().from(nodes).orderBy(asc(nodes.name))).map(toNode);
}

export async function loadNode({ db }: Session, name: string): Promise<Node | null> {
  const [row] = await db.select().from(nodes).where(eq(nodes.name, name));
  return row ? toNode(row) : null;
}

export async function insertNode({ db }: Session, spec: NodeSpec, record: NodeRecord): Promise<void> {
  await db.insert(nodes).values({ ...spec, ...record });
}

/** The inventory's columns; its one writer is serialized by the fence, so nothing is compared. */
export async function updateNodeSpec({ db }: Session, spec: NodeSpec): Promise<void> {
  const { name, ...columns } = spec;
  await db.update(nodes).set(columns).where(eq(nodes.name, name));
}

/** The reconciler's columns. False when somebody else wrote them since they were loaded. */
export async function updateNodeRecord({ db }: Session, name: string, record: NodeRecord): Promise<boolean> {
  const { resourceVersion, ...columns } = record;
  const [result] = await db
    .update(nodes)
    .set({ ...columns, resourceVersion: resourceVersion + 1 })
    .where(and(eq(nodes.name, name), eq(nodes.resourceVersion, resourceVersion)));
  return result.affectedRows === 1;
}

/** False when the node is not retiring, or something is or was placed on it that is not cleaned. */
export async function deleteNode({ db }: Session, name: string): Promise<boolean> {
  const uncleaned = db
    .select({ epoch: placements.epoch })
    .from(placements)
    .where(and(eq(placements.node, name), sql`${placements.cleanedAt} is null`));
  const [result] = await db
    .delete(nodes)
    .where(and(eq(nodes.name, name), eq(nodes.retiring, true), notExists(uncleaned)));
  return result.affectedRows === 1;
}

/** Never goes down. Outside the guard of the version: the reconciler may be about to save another field. */
export async function raiseNextUid({ db }: Session, name: string, nextUid: number): Promise<void> {
  await db
    .update(nodes)
    .set({
      nextUid: sql`greatest(${nodes.nextUid}, ${nextUid})`,
      // Whoever has the old number in hand must load again before he saves it.
      resourceVersion: sql`${nodes.resourceVersion} + 1`,
    })
    .where(and(eq(nodes.name, name), sql`${nodes.nextUid} < ${nextUid}`));
}

/** One statement for the whole fleet; a time never goes back. */
export async function saveLastChecked(
  { execute }: Session,
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

/** False when there is no such node or it is so already; `exists` tells them apart. */
export async function setCordoned({ db }: Session, name: string, cordoned: boolean): Promise<boolean> {
  const [result] = await db
    .update(nodes)
    .set({ cordoned })
    .where(and(eq(nodes.name, name), ne(nodes.cordoned, cordoned)));
  return result.affectedRows === 1;
}

function toNode(row: Row): Node {
  const { name, host, port, user, privateKeyPath, pinnedHostKey, clientHost, clientPort } = row;
  const { zone, labels, retiring, cordoned, draining, cleanRequested, trustedFingerprint } = row;
  const { status, state, stateSince, hostKey, conditions, preparedAt, verifiedAt } = row;
  const { attempt, nextAttemptAt, lastFailedAt, nextUid, cleanSeen, resourceVersion } = row;
  const address = { host, port, user, privateKeyPath, pinnedHostKey, clientHost, clientPort };
  const progress = { attempt, nextAttemptAt, lastFailedAt, nextUid, cleanSeen, resourceVersion };
  return {
    spec: { name, ...address, zone, labels, retiring },
    wishes: { cordoned, draining, cleanRequested, trustedFingerprint },
    record: { status, state, stateSince, hostKey, conditions, preparedAt, verifiedAt, ...progress },
    lastCheckedAt: row.lastCheckedAt,
  };
}
