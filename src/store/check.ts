import { type Connection, createPool } from './connection/pool.ts';
import { inSnapshot } from './connection/transaction.ts';
import { INVARIANTS } from './invariants.ts';
import { findSchemaProblem } from './migration/migrate.ts';

export interface CheckedInvariant {
  name: string;
  promise: string;
  /** Number of violations; null: it could not be checked. */
  broken: number | null;
  /** The first of them. */
  violations: Violation[];
}

export interface Violation {
  /** The id or name of the row. */
  subject: string;
  detail: string;
}

/** Violations listed per invariant. */
const SHOWN = 50;
/** Longer than the daemon's own limit, for a history of many months. The check locks nothing meanwhile. */
const STATEMENT_SECONDS = 30;
const SCHEMA = { name: 'schema', promise: "the tables are this program's" };

/**
 * Checks every invariant that can be read from the database, all in one snapshot: each transaction of a running
 * system is seen whole or not at all. Writes nothing and locks nothing.
 */
export async function checkInvariants(url: string): Promise<CheckedInvariant[]> {
  const pool = createPool({ url, connectionLimit: 1, statementMs: (STATEMENT_SECONDS + 5) * 1000 });
  try {
    return await inSnapshot(pool, checkConnection);
  } finally {
    await pool.close();
  }
}

/** The same, inside the caller's transaction. */
export async function checkConnection(connection: Connection): Promise<CheckedInvariant[]> {
  const problem = await findSchemaProblem(connection);
  const violations = problem === null ? [] : [{ subject: 'schema', detail: problem }];
  const checked: CheckedInvariant[] = [{ ...SCHEMA, broken: violations.length, violations }];
  for (const { name, promise, violations: statement } of INVARIANTS) {
    // On another schema the statements would fail or mean something else.
    const found =
      problem === null ? await find(connection, statement) : { broken: null, violations: [] as Violation[] };
    checked.push({ name, promise, ...found });
  }
  return checked;
}

async function find(
  { execute }: Connection,
  statement: string,
): Promise<Pick<CheckedInvariant, 'broken' | 'violations'>> {
  const rows = (await execute(
    `SET STATEMENT max_statement_time = ${STATEMENT_SECONDS} FOR
     SELECT subject, left(detail, 500) AS detail, count(*) OVER () AS broken
     FROM (${statement}) AS violations ORDER BY subject, detail LIMIT ${SHOWN}`,
  )) as unknown as (Violation & { broken: number })[];
  return {
    broken: rows[0]?.broken ?? 0,
    violations: rows.map(({ subject, detail }) => ({ subject, detail })),
  };
}
