import { setTimeout as sleep } from 'node:timers/promises';
import { findStoreError, isDiskFull, type StoreError } from './errors.ts';
import type { Pool } from './pool.ts';
import { inTransaction, undo } from './transaction.ts';

const PAUSE_MS = 5_000;
/**
 * More than two InnoDB pages, so that a full table has to grow: a single short row often still fits. Each row
 * fits into one page: MariaDB 10.11 crashed when it rolled back longer ones on a full disk.
 */
const ROWS = 20;
const ROW_BYTES = 2_000;

export interface FullDiskWatch {
  /** Call with each failed statement. */
  notice(error: StoreError): void;
}

/**
 * Notices when the database's disk is full and when it has room again. Reads and updates don't show it: InnoDB
 * changes rows in place, so leadership is still renewed and only writes that need a new page fail. Hence the
 * probe. It runs from the first failure until the fault has expired, even in a process that gets no requests.
 */
export function createFullDiskWatch(parts: {
  pool: Pool;
  faults: { report(message: string): void; current(): string | null };
  signal: AbortSignal;
  pauseMs?: number;
}): FullDiskWatch {
  const { pool, faults, signal, pauseMs = PAUSE_MS } = parts;
  let isProbing = false;

  async function probeUntilWell(): Promise<void> {
    do {
      const failure = await probe(pool);
      // The failed statement itself reports a full disk. One slow write proves little, but a second one that
      // hangs is no accident: on some full disks MariaDB itself waits and retries.
      if (failure !== null && isTimeout(failure))
        faults.report(`writes to the database do not complete (${failure.code})`);
      if (faults.current() === null) return;
      await sleep(pauseMs, undefined, { ref: false });
    } while (!signal.aborted);
  }

  return {
    notice(error) {
      if (isDiskFull(error)) faults.report(`the database's disk is full (${error.code})`);
      else if (!(isWrite(error) && isTimeout(error))) return;
      if (isProbing || signal.aborted) return;
      isProbing = true;
      probeUntilWell().finally(() => {
        isProbing = false;
      });
    },
  };
}

/**
 * Writes to the history, as nearly every transaction does and as the API's user may, and rolls back. Null: it
 * succeeded, or there is no database, which readiness reports on its own.
 */
async function probe(pool: Pool): Promise<StoreError | null> {
  const row = `('probe', now(3), 'probe', repeat('x', ${ROW_BYTES}))`;
  const statement = `INSERT INTO events (type, at, reason, message) VALUES ${Array(ROWS).fill(row).join(', ')}`;
  try {
    await inTransaction(pool, async ({ execute }) => undo(await execute(statement)));
    return null;
  } catch (thrown) {
    return findStoreError(thrown);
  }
}

function isTimeout({ code }: StoreError): boolean {
  return code === 'STATEMENT_DEADLINE' || code === 'ER_STATEMENT_TIMEOUT';
}

function isWrite({ statement }: StoreError): boolean {
  return /^\s*(insert|update|delete|replace|commit)\b/i.test(statement ?? '');
}
