import { setTimeout as sleep } from 'node:timers/promises';
import { findStoreError, isDiskFull, type StoreError } from './errors.ts';
import type { Pool } from './pool.ts';
import { inTransaction, undo } from './transaction.ts';

const PAUSE_MS = 5_000;
/**
 * More than two pages of InnoDB, so that the table has to grow where it is full: a single short row often still fits.
 * Each row fits into its page: MariaDB 10.11 died when it undid longer ones on a full disk.
 */
const ROWS = 20;
const ROW_BYTES = 2_000;

export interface FullDiskWatch {
  /** To be called with each failure of a statement. */
  notice(error: StoreError): void;
}

/**
 * Notices that the database's disk is full, and that it has room again. Neither shows in reads, nor in updates: InnoDB
 * changes in place, so the lease is renewed all the while and only what needs a new page fails. Hence the probe, from
 * the first failure until the fault has run out, also in a process that nobody asks for anything meanwhile.
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
      // A full disk was noticed when the statement failed. One slow write proves little, a second one that gets nowhere
      // is no accident: MariaDB itself waits and retries on some full disks.
      if (failure !== null && isTimeout(failure))
        faults.report(`writes to the database do not end (${failure.code})`);
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
 * Writes into the history, as nearly every transaction does and the API's user may, and undoes it. Null: it could, or
 * there is no database, of which the readiness tells by itself.
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
