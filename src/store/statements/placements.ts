import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, max, sql } from 'drizzle-orm';
import { newPlacement, type Placement } from '../../core/model/rental.ts';
import type { Save } from '../../core/ports/saves.ts';
import type { PlacementDecision } from '../../core/scheduling/placement-decision.ts';
import { findStoreError } from '../connection/errors.ts';
import type { Connection } from '../connection/pool.ts';
import { placements } from '../schema.ts';

const columns = {
  epoch: placements.epoch,
  rentalId: placements.rentalId,
  node: placements.node,
  role: placements.role,
  account: placements.account,
  uid: placements.uid,
  startedAt: placements.startedAt,
  readyAt: placements.readyAt,
  appliedKey: placements.appliedKey,
  appliedExpiresAt: placements.appliedExpiresAt,
  endedAt: placements.endedAt,
  endReason: placements.endReason,
  cleanedAt: placements.cleanedAt,
  report: placements.report,
};

/** Live ones and residue; what was cleaned has also ended. */
export async function listPlacementsOnNodes({ db }: Connection, node?: string): Promise<Placement[]> {
  const open = isNull(placements.cleanedAt);
  const where = node === undefined ? open : and(open, eq(placements.node, node));
  return await db.select(columns).from(placements).where(where).orderBy(asc(placements.epoch));
}

/** For many rentals in one statement: rental id -> its placements, oldest first. */
export async function listPlacementsOfRentals(
  { db }: Connection,
  rentalIds: string[],
): Promise<Map<string, Placement[]>> {
  const byRental = new Map<string, Placement[]>(rentalIds.map((id) => [id, []]));
  if (rentalIds.length === 0) return byRental;
  const rows = await db
    .select(columns)
    .from(placements)
    .where(inArray(placements.rentalId, rentalIds))
    .orderBy(asc(placements.epoch));
  for (const row of rows) byRental.get(row.rentalId)?.push(row);
  return byRental;
}

export async function listPlacementsOfNode(
  { db }: Connection,
  node: string,
  { before, limit }: { before: number | null; limit: number },
): Promise<Placement[]> {
  const onNode = eq(placements.node, node);
  return await db
    .select(columns)
    .from(placements)
    .where(before === null ? onNode : and(onNode, lt(placements.epoch, before)))
    .orderBy(desc(placements.epoch))
    .limit(limit);
}

/** Kept out of the rows, which are read again and again: it is rarely needed and long. */
export async function loadDecision({ db }: Connection, epoch: number): Promise<PlacementDecision | null> {
  const [row] = await db
    .select({ decision: placements.decision })
    .from(placements)
    .where(eq(placements.epoch, epoch));
  return row?.decision ?? null;
}

/** node name -> rental id. */
export async function listOccupants(
  { db }: Connection,
  names?: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db
    .select({ node: placements.node, rentalId: placements.rentalId })
    .from(placements)
    .where(names ? inArray(placements.liveNode, names) : isNotNull(placements.liveNode));
  return new Map(rows.map(({ node, rentalId }) => [node, rentalId]));
}

/** node name -> highest uid, over all placements ever on nodes of these names, as far as the history goes. */
export async function findHighestUids(
  { db }: Connection,
  names: readonly string[],
): Promise<Map<string, number>> {
  const rows = await db
    .select({ node: placements.node, highest: max(placements.uid) })
    .from(placements)
    .where(inArray(placements.node, names))
    .groupBy(placements.node);
  return new Map(rows.map(({ node, highest }) => [node, Number(highest)]));
}

/** False when the node or the rental's role is taken: the unique keys decide, not an earlier check. */
export async function createPlacement(
  { db }: Connection,
  placement: NonNullable<Save['bind']>,
  epoch: number,
): Promise<boolean> {
  try {
    await db
      .insert(placements)
      .values({ ...newPlacement(placement, epoch), decision: placement.decision ?? null });
    return true;
  } catch (error) {
    if (findStoreError(error)?.kind === 'duplicate') return false;
    throw error;
  }
}

/** Applied in the given order. False when one of them has already ended, or its new role is taken. */
export async function updatePlacements(
  { db }: Connection,
  changes: NonNullable<Save['placements']>,
): Promise<boolean> {
  for (const { epoch, set } of changes) {
    if (Object.values(set).every((value) => value === undefined)) continue;
    try {
      const [result] = await db
        .update(placements)
        .set(set)
        .where(and(eq(placements.epoch, epoch), isNull(placements.endedAt)));
      if (result.affectedRows !== 1) return false;
    } catch (error) {
      if (findStoreError(error)?.kind === 'duplicate') return false;
      throw error;
    }
  }
  return true;
}

/** False when one of them is missing or live. */
export async function updateReports(
  { db }: Connection,
  reports: NonNullable<Save['reports']>,
): Promise<boolean> {
  for (const { epoch, report } of reports) {
    const [result] = await db
      .update(placements)
      .set({ report })
      .where(and(eq(placements.epoch, epoch), isNotNull(placements.endedAt)));
    if (result.affectedRows !== 1) return false;
  }
  return true;
}

/** False when one of them has not ended, since then it is no residue. One that was cleaned before stays so. */
export async function markCleaned({ db }: Connection, epochs: number[], at: Date): Promise<boolean> {
  if (epochs.length === 0) return true;
  const [result] = await db
    .update(placements)
    .set({ cleanedAt: sql`coalesce(${placements.cleanedAt}, ${sql.param(at, placements.cleanedAt)})` })
    .where(and(inArray(placements.epoch, epochs), isNotNull(placements.endedAt)));
  return result.affectedRows === new Set(epochs).size;
}
