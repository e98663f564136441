import { setTimeout as sleep } from 'node:timers/promises';
import { findStoreError, StoreError } from './errors.ts';
import type { Connection, Pool } from './pool.ts';

const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 50;
/** Lock waits are slow to fail. After this long nobody is kept waiting for another attempt. */
const RETRY_WITHIN_MS = 10_000;

/** What a transaction returns to undo everything and answer with this result. */
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
 * Runs `work` in its own transaction, and again from the start after losing a conflict. So `work` must do nothing
 * but use the connection. Rejects with a StoreError. It is `unknown` only when COMMIT was sent and not answered:
 * until then the server rolls back by itself when the connection ends.
 */
export function inTransaction<Result>(
  pool: Pool,
  work: (connection: Connection) => Promise<Result | Undo<Result>>,
): Promise<Result> {
  return withRetries(() => attempt(pool, 'START TRANSACTION', work));
}

/** Several reads from one snapshot. */
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

// drizzle's own transaction() leaks the connection when BEGIN fails, and returns a connection whose ROLLBACK
// failed to the pool as healthy. Hence this one.
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
  // On a broken connection this fails at once or at the deadline. Either way the server rolls back when the
  // connection ends.
  await connection.execute('ROLLBACK').catch(() => connection.discard('now'));
}

/** For failures that come before anything could be committed. */
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

/** A dead connection says nothing about the server: try once more, on another one. */
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
