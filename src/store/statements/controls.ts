import { and, eq, lt, sql } from 'drizzle-orm';
import { type ControlRequest, type Controls, NO_CONTROLS } from '../../core/model/controls.ts';
import type { Connection } from '../connection/pool.ts';
import { controls } from '../schema.ts';

const FLEET = 'fleet';

export async function loadControls({ db }: Connection): Promise<Controls> {
  const [row] = await db.select().from(controls).where(eq(controls.name, FLEET));
  if (!row) return NO_CONTROLS;
  const { overrideRequested, overrideUsed } = row;
  const pause = row.paused ? askOf(row.pausedReason, row.pausedBy, row.pausedAt) : null;
  const asked = overrideRequested > 0 ? askOf(row.overrideReason, row.overrideBy, row.overrideAt) : null;
  const isUsed = overrideUsed >= overrideRequested;
  return { pause, override: asked && { ...asked, number: overrideRequested, isUsed } };
}

function askOf(reason: string | null, by: string | null, at: Date | null) {
  return { reason, by: by ?? '', at: at ?? new Date(0) };
}

/** The API's columns. False when it is already so. */
export async function writeControl({ db, execute }: Connection, request: ControlRequest): Promise<boolean> {
  await execute('INSERT IGNORE INTO controls (name) VALUES (?)', [FLEET]);
  const isFleet = eq(controls.name, FLEET);
  if (request.kind === 'override') {
    const { reason, by, at } = request;
    const overrideRequested = sql`${controls.overrideRequested} + 1` as never;
    await db
      .update(controls)
      .set({ overrideRequested, overrideReason: reason, overrideBy: by, overrideAt: at })
      .where(isFleet);
    return true;
  }
  const set =
    request.kind === 'pause'
      ? { paused: true, pausedReason: request.reason, pausedBy: request.by, pausedAt: request.at }
      : { paused: false, pausedReason: null, pausedBy: null, pausedAt: null };
  const [result] = await db
    .update(controls)
    .set(set)
    .where(and(isFleet, eq(controls.paused, request.kind === 'resume')));
  return result.affectedRows === 1;
}

/** The leader's column. False when it was used before, or another override was requested since. */
export async function markOverrideUsed({ db }: Connection, number: number): Promise<boolean> {
  const [result] = await db
    .update(controls)
    .set({ overrideUsed: number })
    .where(
      and(
        eq(controls.name, FLEET),
        eq(controls.overrideRequested, number),
        lt(controls.overrideUsed, number),
      ),
    );
  return result.affectedRows === 1;
}
