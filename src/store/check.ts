import { type Connection, createPool } from './connection/pool.ts';
import { inSnapshot } from './connection/transaction.ts';
import { INVARIANTS } from './invariants.ts';
import { findSchemaProblem } from './migration/migrate.ts';

export interface CheckedInvariant {
  name: string;
  promise: string;
  /** In how many places it does not hold; null: it could not be looked at. */
  broken: number | null;
  /** The first of these places. */
  violations: Violation[];
}

export interface Violation {
  /** The id or name of the row that it is about. */
  subject: string;
  detail: string;
}

/** How many places are named of each invariant. */
const SHOWN = 50;
/** For a history of many months: longer than what the daemon allows itself. It locks nothing meanwhile. */
const STATEMENT_SECONDS = 30;
const SCHEMA = { name: 'schema', promise: "the tables are this program's" };

/**
 * Looks at every invariant that can be read from the database, all in one snapshot, so that a system at work shows
 * each of its transactions whole or not at all. Writes nothing and locks nothing.
 */
export async function checkInvariants(url: string): Promise<CheckedInvariant[]> {
  const pool = createPool({ url, connectionLimit: 1, statementMs: (STATEMENT_SECONDS + 5) * 1000 });
  try {
    return await inSnapshot(pool, checkConnection);
  } finally {
    await pool.close();
  }
}

/** The same within a transaction of the caller's. */
export async function checkConnection(connection: Connection): Promise<CheckedInvariant[]> {
  const problem = await findSchemaProblem(connection);
  const violations = problem === null ? [] : [{ subject: 'schema', detail: problem }];
  const checked: CheckedInvariant[] = [{ ...SCHEMA, broken: violations.length, violations }];
  for (const { name, promise, violations: statement } of INVARIANTS) {
    // In other tables the statements would fail, or mean something else.
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
