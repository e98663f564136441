import { findStoreError } from '../connection/errors.ts';
import type { Connection, Pool } from '../connection/pool.ts';
import { listMigrations, type Migration } from './files.ts';
import { withMigrationLock } from './lock.ts';

const FOLDER = new URL('../../../drizzle/', import.meta.url);
/** Changing a large table takes long; everything else has the pool's short deadline. */
const STATEMENT_DEADLINE_MS = 600_000;

const TABLES = [
  `CREATE TABLE IF NOT EXISTS schema_migrations (
     name varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY,
     checksum char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     statements int NOT NULL,
     finished_at datetime(3)
   )`,
  `CREATE TABLE IF NOT EXISTS schema_lock (
     name varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY,
     holder varchar(64) NOT NULL,
     expires_at datetime(3) NOT NULL
   )`,
];

interface Applied {
  name: string;
  checksum: string;
  /** How many of its statements have run. */
  statements: number;
  finished: boolean;
}

/**
 * Brings the database to this program's schema and returns the names of the migrations it ran. Any number of
 * processes may call it at once, and again after one was killed midway: the database can't roll back CREATE or
 * ALTER, so each statement is counted once it is done. Refuses a database that a newer program has migrated.
 */
export async function migrate(pool: Pool, folder = FOLDER): Promise<string[]> {
  const migrations = await listMigrations(folder);
  for (const table of TABLES) await pool.withConnection((connection) => connection.execute(table));
  if (pending(migrations, await pool.withConnection(listApplied)).length === 0) return [];
  return await withMigrationLock(pool, async (assertHeld) => {
    // Checked again: another process may have migrated while this one waited for the lock.
    const applied = await pool.withConnection(listApplied);
    const ran: string[] = [];
    for (const migration of pending(migrations, applied)) {
      const done = applied.find(({ name }) => name === migration.name);
      await runMigration(pool, migration, done ?? null, assertHeld);
      ran.push(migration.name);
    }
    return ran;
  });
}

/** For readiness: what is wrong with the schema, or null when it is this program's. */
export async function findSchemaProblem(connection: Connection): Promise<string | null> {
  const migrations = await listMigrations(FOLDER);
  let applied: Applied[];
  try {
    applied = await listApplied(connection);
  } catch (error) {
    if (findStoreError(error)?.code === 'ER_NO_SUCH_TABLE') return 'the database has no schema yet';
    throw error;
  }
  try {
    const [next] = pending(migrations, applied);
    return next ? `the migration ${next.name} has not run yet` : null;
  } catch (error) {
    if (error instanceof SchemaError) return error.message;
    throw error;
  }
}

class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** What is still to run, in order. */
function pending(migrations: Migration[], applied: Applied[]): Migration[] {
  for (const { name, checksum } of applied) {
    const known = migrations.find((migration) => migration.name === name);
    if (!known) throw new SchemaError(`the database is newer than this program: it has ${name}`);
    if (known.checksum !== checksum) throw new SchemaError(`the migration ${name} was changed after it ran`);
  }
  const finished = new Set(applied.filter((entry) => entry.finished).map(({ name }) => name));
  return migrations.filter(({ name }) => !finished.has(name));
}

async function listApplied({ execute }: Connection): Promise<Applied[]> {
  const rows = (await execute(
    'SELECT name, checksum, statements, finished_at IS NOT NULL AS finished FROM schema_migrations',
  )) as unknown as (Omit<Applied, 'finished'> & { finished: number })[];
  return rows.map((row) => ({ ...row, finished: row.finished === 1 }));
}

async function runMigration(
  pool: Pool,
  migration: Migration,
  earlier: Applied | null,
  assertHeld: () => void,
): Promise<void> {
  const first = earlier?.statements ?? 0;
  await pool.withConnection(
    async (connection) => {
      // Nobody else may inherit its settings.
      connection.discard('after');
      await connection.execute('SET SESSION max_statement_time = 0, lock_wait_timeout = 60');
      if (!earlier) {
        await connection.execute('INSERT INTO schema_migrations VALUES (?, ?, 0, NULL)', [
          migration.name,
          migration.checksum,
        ]);
      }
      for (let index = first; index < migration.statements.length; index++) {
        assertHeld();
        await runStatement(
          connection,
          migration.statements[index] as string,
          earlier !== null && index === first,
        );
        await connection.execute('UPDATE schema_migrations SET statements = ? WHERE name = ?', [
          index + 1,
          migration.name,
        ]);
      }
      await connection.execute('UPDATE schema_migrations SET finished_at = now(3) WHERE name = ?', [
        migration.name,
      ]);
    },
    { statementMs: STATEMENT_DEADLINE_MS },
  );
}

/** Errors of a statement that has already run. */
const DONE_BEFORE = new Set([
  'ER_TABLE_EXISTS_ERROR',
  'ER_BAD_TABLE_ERROR',
  'ER_DUP_FIELDNAME',
  'ER_DUP_KEYNAME',
  'ER_CANT_DROP_FIELD_OR_KEY',
]);

/** `maybeDone`: the previous process was killed just before or just after this statement, not later. */
async function runStatement(connection: Connection, statement: string, maybeDone: boolean): Promise<void> {
  try {
    await connection.execute(statement);
  } catch (error) {
    const code = findStoreError(error)?.code ?? '';
    if (!maybeDone || !DONE_BEFORE.has(code)) throw error;
  }
}
