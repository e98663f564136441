import { eq } from 'drizzle-orm';
import type { Leadership, LeadershipSettings } from '../../core/ports/leadership.ts';
import type { Connection } from '../connection/pool.ts';
import { leases } from '../schema-fleet.ts';

// All times are the database's. `last_insert_id(x)` returns the new value with the answer to the update.

/** True when the row was missing, as in a new database. */
export async function ensureLeaseRow({ db, execute }: Connection): Promise<boolean> {
  const [row] = await db.select({ name: leases.name }).from(leases).where(eq(leases.name, 'leader'));
  if (row) return false;
  await execute(
    `INSERT IGNORE INTO leases (name, holder, token, seq, expires_at) VALUES ('leader', '', 0, 0, now(3))`,
  );
  return true;
}

/** The new token, or null while another holder leads. */
export async function acquireLeadership(
  { execute }: Connection,
  settings: LeadershipSettings,
): Promise<number | null> {
  const result = await execute(
    `UPDATE leases
     SET token = last_insert_id(token + 1), holder = ?, expires_at = now(3) + INTERVAL ? MICROSECOND
     WHERE name = 'leader' AND (expires_at <= now(3) OR holder = ?)`,
    [settings.holder, settings.durationMs * 1000, settings.holder],
  );
  return result.affectedRows === 1 ? result.insertId : null;
}

/** Leadership that ran out may still be renewed as long as nobody took it: the token shows that. */
export async function renewLeadership(
  { execute }: Connection,
  { token }: Leadership,
  settings: LeadershipSettings,
): Promise<boolean> {
  const result = await execute(
    `UPDATE leases SET expires_at = now(3) + INTERVAL ? MICROSECOND
     WHERE name = 'leader' AND token = ? AND holder = ?`,
    [settings.durationMs * 1000, token, settings.holder],
  );
  return result.affectedRows === 1;
}

export async function releaseLeadership({ execute }: Connection, { token }: Leadership): Promise<void> {
  await execute(`UPDATE leases SET holder = '', expires_at = now(3) WHERE name = 'leader' AND token = ?`, [
    token,
  ]);
}

/**
 * Opens the fence: the first statement of each of the leader's transactions. It takes `count` numbers and returns
 * the first, or null when leadership is lost. It writes the row, because only then does a successor's takeover
 * wait for this transaction, or this transaction find itself deposed. Reading the row was measured to let a
 * deposed leader's writes through.
 */
export async function takeNumbers(
  { execute }: Connection,
  { token }: Leadership,
  count: number,
): Promise<number | null> {
  const result = await execute(
    `UPDATE leases SET seq = last_insert_id(seq + ?)
     WHERE name = 'leader' AND token = ? AND expires_at > now(3)`,
    [count, token],
  );
  return result.affectedRows === 1 ? result.insertId - count + 1 : null;
}

/** More numbers, right after those that this transaction took; it already holds the row's lock. */
export async function takeMoreNumbers({ execute }: Connection, count: number): Promise<void> {
  await execute(`UPDATE leases SET seq = seq + ? WHERE name = 'leader'`, [count]);
}

/** The fence counter never goes down. */
export async function raiseSeq({ execute }: Connection, seen: number): Promise<void> {
  await execute(`UPDATE leases SET seq = greatest(seq, ?) WHERE name = 'leader'`, [seen]);
}
