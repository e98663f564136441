import { setTimeout as sleep } from 'node:timers/promises';
import { findStoreError, StoreError } from './errors.ts';
import type { Connection, Pool } from './pool.ts';

const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 50;
/** Lock waits are slow to fail; whoever waits for the result is not kept longer than this by another try. */
const RETRY_WITHIN_MS = 10_000;

/** What a transaction gives back when it finds that it must not be: undo everything, and answer this. */
class Undo<Result> {
  readonly result: Result;
  constructor(result: Result) {
    this.result = result;
  }
}

export function undo<Result>(result: Result): Undo<Result> {
  return new Undo(result);
}

/**
 * Runs `work` in a transaction of its own and again from the start when it lost against another one, so `work`
 * must do nothing but talk to the connection. Rejects with a StoreError: `unknown` only when COMMIT was sent and
 * not answered, for until then the server rolls back by itself when the connection ends.
 */
export function inTransaction<Result>(
  pool: Pool,
  work: (connection: Connection) => Promise<Result | Undo<Result>>,
): Promise<Result> {
  return withRetries(() => attempt(pool, 'START TRANSACTION', work));
}

/** Several reads that see one moment. */
export function inSnapshot<Result>(
  pool: Pool,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  return withRetries(() => attempt(pool, 'START TRANSACTION READ ONLY', work)).catch(asNotExecuted);
}

/** A single read. */
export function readOnce<Result>(
  pool: Pool,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  return withRetries(() => pool.withConnection(work).catch(asNotExecuted));
}

// drizzle's own transaction() leaks the connection when BEGIN fails, and gives a connection whose ROLLBACK failed
// back as healthy; hence this one.
async function attempt<Result>(
  pool: Pool,
  begin: string,
  work: (connection: Connection) => Promise<Result | Undo<Result>>,
): Promise<Result> {
  return await pool.withConnection(async (connection) => {
    let committing = false;
    try {
      await connection.execute(begin);
      const result = await work(connection);
      if (result instanceof Undo) {
        await connection.execute('ROLLBACK');
        return result.result;
      }
      committing = true;
      await connection.execute('COMMIT');
      return result;
    } catch (thrown) {
      const error = findStoreError(thrown);
      if (committing && error?.kind !== 'retry') {
        connection.discard('now');
        throw new StoreError('unknown', error?.code ?? 'UNKNOWN', 'COMMIT');
      }
      await rollBack(connection);
      return asNotExecuted(thrown);
    }
  });
}

async function rollBack(connection: Connection): Promise<void> {
  // On a connection that broke it fails at once or at the deadline; either way the server rolls back when it goes.
  await connection.execute('ROLLBACK').catch(() => connection.discard('now'));
}

/** For failures before anything could have been committed. */
function asNotExecuted(thrown: unknown): never {
  const error = findStoreError(thrown);
  if (error?.kind === 'unknown') throw new StoreError('notExecuted', error.code, error.statement);
  throw error ?? thrown;
}

async function withRetries<Result>(run: () => Promise<Result>): Promise<Result> {
  const startedAtMs = performance.now();
  for (let attempts = 1; ; attempts++) {
    try {
      return await run();
    } catch (thrown) {
      const error = findStoreError(thrown);
      const spentMs = performance.now() - startedAtMs;
      if (!error || attempts === MAX_ATTEMPTS || spentMs > RETRY_WITHIN_MS || !mayTryAgain(error, attempts)) {
        throw thrown;
      }
      await sleep(FIRST_PAUSE_MS * 2 ** (attempts - 1) * (0.5 + Math.random()));
    }
  }
}

/** A connection that turned out to be dead says nothing of the server: one more try, on another one. */
const LOST = new Set([
  'ECONNRESET',
  'EPIPE',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CONNECTION_KILLED',
  'CONNECTION_BROKEN',
]);

function mayTryAgain(error: StoreError, attempts: number): boolean {
  return error.kind === 'retry' || (error.kind === 'notExecuted' && LOST.has(error.code) && attempts === 1);
}
