import { eq } from 'drizzle-orm';
import {
  type ControlRequest,
  type Controls,
  NO_CONTROLS,
  withControl,
  withOverrideUsed,
} from '../../core/model/controls.ts';
import type { Connection } from '../connection/pool.ts';
import { controls } from '../schema-fleet.ts';

const FLEET = 'fleet';
const isFleet = eq(controls.name, FLEET);

export async function loadControls({ db }: Connection): Promise<Controls> {
  const [row] = await db.select().from(controls).where(isFleet);
  return row ? toControls(row) : NO_CONTROLS;
}

/** The API's columns. False when it is already so. */
export async function writeControl(connection: Connection, request: ControlRequest): Promise<boolean> {
  await connection.execute('INSERT IGNORE INTO controls (name) VALUES (?)', [FLEET]);
  const next = withControl(await lockControls(connection), request);
  if (next === null) return false;
  const { pause, override } = next;
  await connection.db
    .update(controls)
    .set({
      paused: pause !== null,
      pausedReason: pause?.reason ?? null,
      pausedBy: pause?.by ?? null,
      pausedAt: pause?.at ?? null,
      overrideRequested: override?.number ?? 0,
      overrideReason: override?.reason ?? null,
      overrideBy: override?.by ?? null,
      overrideAt: override?.at ?? null,
    })
    .where(isFleet);
  return true;
}

/** The leader's column. False when it was used before, or another override was requested since. */
export async function markOverrideUsed(connection: Connection, number: number): Promise<boolean> {
  const next = withOverrideUsed(await lockControls(connection), number);
  if (next !== null) await connection.db.update(controls).set({ overrideUsed: number }).where(isFleet);
  return next !== null;
}

/** Nobody else writes them until this transaction ends. */
async function lockControls({ db }: Connection): Promise<Controls> {
  const [row] = await db.select().from(controls).where(isFleet).for('update');
  return row ? toControls(row) : NO_CONTROLS;
}

function toControls(row: typeof controls.$inferSelect): Controls {
  const { overrideRequested, overrideUsed } = row;
  const pause = row.paused ? attributionOf(row.pausedReason, row.pausedBy, row.pausedAt) : null;
  const asked =
    overrideRequested > 0 ? attributionOf(row.overrideReason, row.overrideBy, row.overrideAt) : null;
  const isUsed = overrideUsed >= overrideRequested;
  return { pause, override: asked && { ...asked, number: overrideRequested, isUsed } };
}

function attributionOf(reason: string | null, by: string | null, at: Date | null) {
  return { reason, by: by ?? '', at: at ?? new Date(0) };
}
