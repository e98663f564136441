import { eq } from 'drizzle-orm';
import type { InventoryAnswer, InventoryState } from '../../core/model/inventory.ts';
import type { Connection } from '../connection/pool.ts';
import { inventories } from '../schema-fleet.ts';

const FLEET = 'fleet';

export async function loadInventoryState({ db }: Connection): Promise<InventoryState | null> {
  const [row] = await db.select().from(inventories).where(eq(inventories.name, FLEET));
  if (!row) return null;
  const { name: _name, ...state } = row;
  return state;
}

/** Returns the number of the request, one higher each time. */
export async function requestInventory(
  { execute }: Connection,
  { sha256, force, by }: { sha256: string | null; force: boolean; by: string },
): Promise<number> {
  // last_insert_id(x) returns the new value with the answer to the statement.
  const result = await execute(
    `INSERT INTO inventories (name, requested, requested_sha256, requested_force, requested_by)
     VALUES (?, last_insert_id(1), ?, ?, ?)
     ON DUPLICATE KEY UPDATE requested = last_insert_id(requested + 1), requested_sha256 = VALUES(requested_sha256),
       requested_force = VALUES(requested_force), requested_by = VALUES(requested_by)`,
    [FLEET, sha256, force, by],
  );
  return result.insertId;
}

/** The leader's columns. `answering` null: no request, the file was read at a start or on a signal. */
export async function saveAnswer(
  { db, execute }: Connection,
  answer: { answering: number | null; answer: InventoryAnswer; sha256: string | null; at: Date },
): Promise<void> {
  await execute('INSERT IGNORE INTO inventories (name) VALUES (?)', [FLEET]);
  const { answering, sha256, at } = answer;
  const applied = answer.answer.kind === 'applied' ? { appliedSha256: sha256, appliedAt: at } : {};
  const answered = answering === null ? {} : { answered: answering, answer: answer.answer };
  if (Object.keys({ ...applied, ...answered }).length === 0) return;
  await db
    .update(inventories)
    .set({ ...applied, ...answered })
    .where(eq(inventories.name, FLEET));
}
