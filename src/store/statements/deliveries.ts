import { randomBytes } from 'node:crypto';
import {
  and,
  asc,
  count,
  desc,
  eq,
  inArray,
  isNotNull,
  lt,
  lte,
  ne,
  notExists,
  or,
  type SQL,
} from 'drizzle-orm';
import { alias } from 'drizzle-orm/mysql-core';
import type { NewEvent } from '../../core/history/event.ts';
import type { NoticeBody } from '../../core/history/notice.ts';
import {
  type AttemptEnd,
  afterAttempt,
  type ClaimedDelivery,
  type Delivery,
  type DeliveryState,
  type DueDelivery,
  newDelivery,
  startOver,
} from '../../core/ports/delivery.ts';
import { type Page, parseNumberCursor, toPage } from '../../core/ports/page.ts';
import type { Connection } from '../connection/pool.ts';
import { rentals } from '../schema.ts';
import { webhookDeliveries as deliveries } from '../schema-history.ts';

/** Messages for events that are being written, with the events' sequence numbers. */
export async function createDeliveries(
  { db }: Connection,
  events: { event: NewEvent; seq: number }[],
  fence: number,
): Promise<void> {
  const rows = events.flatMap(
    ({ event, seq }) => newDelivery(event, { seq, fence }, randomBytes(6).toString('hex')) ?? [],
  );
  if (rows.length > 0) await db.insert(deliveries).values(rows);
}

/**
 * A message waits for all earlier pending ones of its rental. It goes to the rental's current webhook, because a
 * client who corrects the URL should not wait until the wrong one is given up. When the rental itself is gone, it
 * goes to the webhook of that time.
 */
export async function listDueDeliveries(
  { db }: Connection,
  now: Date,
  limit: number,
): Promise<DueDelivery[]> {
  const earlier = alias(deliveries, 'earlier');
  const waitsFor = db
    .select({ id: earlier.id })
    .from(earlier)
    .where(
      and(
        eq(earlier.rentalId, deliveries.rentalId),
        eq(earlier.state, 'pending'),
        lt(earlier.id, deliveries.id),
      ),
    );
  const { id, rentalId, tenant, url, attempts } = deliveries;
  const rows = await db
    .select({ id, rentalId, tenant, url, attempts, spec: rentals.spec })
    .from(deliveries)
    .leftJoin(rentals, eq(rentals.id, deliveries.rentalId))
    .where(and(eq(deliveries.state, 'pending'), lte(deliveries.nextAttemptAt, now), notExists(waitsFor)))
    .orderBy(asc(deliveries.nextAttemptAt), asc(deliveries.id))
    .limit(limit);
  return rows.map(({ spec, ...row }) => ({ ...row, url: spec ? spec.webhookUrl : row.url }));
}

/** False when another attempt was faster. */
export async function claimDelivery({ db }: Connection, due: DueDelivery, until: Date): Promise<boolean> {
  const [result] = await db
    .update(deliveries)
    .set({ attempts: due.attempts + 1, nextAttemptAt: until, ...(due.url === null ? {} : { url: due.url }) })
    .where(isAt(due.id, due.attempts));
  return result.affectedRows === 1;
}

export async function loadClaimed(
  { db }: Connection,
  id: number,
): Promise<Omit<ClaimedDelivery, 'secret'> | null> {
  const { messageId, attempts, body, giveUpAt } = deliveries;
  const [row] = await db
    .select({ id: deliveries.id, messageId, attempts, body, giveUpAt })
    .from(deliveries)
    .where(eq(deliveries.id, id));
  return row ? { ...row, body: row.body as NoticeBody } : null;
}

export async function endAttempt(
  { db }: Connection,
  { id, attempts }: Pick<ClaimedDelivery, 'id' | 'attempts'>,
  end: AttemptEnd,
): Promise<boolean> {
  const [result] = await db.update(deliveries).set(afterAttempt(end)).where(isAt(id, attempts));
  return result.affectedRows === 1;
}

function isAt(id: number, attempts: number): SQL | undefined {
  return and(eq(deliveries.id, id), eq(deliveries.state, 'pending'), eq(deliveries.attempts, attempts));
}

export async function listDeliveries(
  { db }: Connection,
  tenant: string | null,
  filter: { state: DeliveryState | null; rentalId: string | null },
  page: { limit: number; cursor: string | null },
): Promise<Page<Delivery>> {
  const where = ofTenant(tenant);
  if (filter.state !== null) where.push(eq(deliveries.state, filter.state));
  if (filter.rentalId !== null) where.push(eq(deliveries.rentalId, filter.rentalId));
  if (page.cursor !== null) where.push(lt(deliveries.id, parseNumberCursor(page.cursor)));
  const rows = await db
    .select(SHOWN)
    .from(deliveries)
    .where(and(...where))
    .orderBy(desc(deliveries.id))
    .limit(page.limit + 1);
  const { items, nextCursor } = toPage(rows, page.limit, ({ id }) => String(id));
  return { items: items.map(toDelivery), nextCursor };
}

export async function loadDelivery(
  { db }: Connection,
  tenant: string | null,
  messageId: string,
): Promise<Delivery | null> {
  const [row] = await db
    .select(SHOWN)
    .from(deliveries)
    .where(and(eq(deliveries.messageId, messageId), ...ofTenant(tenant)));
  return row ? toDelivery(row) : null;
}

/** A pending one is only tried sooner; all others start over. */
export async function resendDelivery({ db }: Connection, messageId: string, now: Date): Promise<void> {
  const isMessage = eq(deliveries.messageId, messageId);
  await db
    .update(deliveries)
    .set({ nextAttemptAt: now })
    .where(and(isMessage, eq(deliveries.state, 'pending')));
  await db
    .update(deliveries)
    .set(startOver(now))
    .where(and(isMessage, ne(deliveries.state, 'pending')));
}

export async function countDeliveries({
  db,
}: Connection): Promise<{ state: DeliveryState; count: number }[]> {
  return await db
    .select({ state: deliveries.state, count: count() })
    .from(deliveries)
    .groupBy(deliveries.state);
}

/** For a rental that is forgotten as if it had never been. */
export async function deleteDeliveries({ db }: Connection, rentalId: string): Promise<void> {
  await db.delete(deliveries).where(eq(deliveries.rentalId, rentalId));
}

/** Deletes the oldest that were delivered before the one time, or given up before the other. */
export async function purgeDeliveries(
  { db }: Connection,
  { deliveredBefore, deadBefore }: { deliveredBefore: Date; deadBefore: Date },
  limit: number,
): Promise<number> {
  const rows = await db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(
      and(
        isNotNull(deliveries.endedAt),
        or(
          and(eq(deliveries.state, 'delivered'), lt(deliveries.endedAt, deliveredBefore)),
          and(eq(deliveries.state, 'dead'), lt(deliveries.endedAt, deadBefore)),
        ),
      ),
    )
    .orderBy(asc(deliveries.endedAt))
    .limit(limit);
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await db.delete(deliveries).where(inArray(deliveries.id, ids));
  return ids.length;
}

const SHOWN = {
  id: deliveries.id,
  messageId: deliveries.messageId,
  type: deliveries.type,
  rentalId: deliveries.rentalId,
  tenant: deliveries.tenant,
  url: deliveries.url,
  state: deliveries.state,
  attempts: deliveries.attempts,
  createdAt: deliveries.createdAt,
  nextAttemptAt: deliveries.nextAttemptAt,
  lastError: deliveries.lastError,
  endedAt: deliveries.endedAt,
};

function toDelivery({
  id: _place,
  type,
  ...row
}: Omit<typeof deliveries.$inferSelect, 'body' | 'giveUpAt'>): Delivery {
  return { ...row, type: type as Delivery['type'] };
}

function ofTenant(tenant: string | null): SQL[] {
  return tenant === null ? [] : [eq(deliveries.tenant, tenant)];
}
