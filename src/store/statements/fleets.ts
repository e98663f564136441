import { eq } from 'drizzle-orm';
import type { Connection } from '../connection/pool.ts';
import { fleets } from '../schema-fleet.ts';

const NAME = 'fleet';

async function loadFleetId({ db }: Connection): Promise<string | null> {
  const [row] = await db.select({ id: fleets.id }).from(fleets).where(eq(fleets.name, NAME));
  return row?.id ?? null;
}

/** The fleet of this database from now on: the first one written, whoever else tries at the same time. */
export async function ensureFleetId(connection: Connection, id: string): Promise<string> {
  const known = await loadFleetId(connection);
  if (known !== null) return known;
  await connection.execute('INSERT IGNORE INTO fleets (name, id, created_at) VALUES (?, ?, now(3))', [
    NAME,
    id,
  ]);
  return (await loadFleetId(connection)) ?? id;
}
