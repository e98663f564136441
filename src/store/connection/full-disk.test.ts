import { expect, test } from 'vitest';
import { StoreError } from './errors.ts';
import { createFullDiskWatch, type FullDiskWatch } from './full-disk.ts';
import type { Connection, Pool } from './pool.ts';

const WAIT = { timeout: 60_000, interval: 5 };
const failure = (code: string, statement = 'INSERT INTO rentals') =>
  new StoreError('notExecuted', code, statement);

let reports: string[];
let probes: number;

/** A database that answers the probes with these errors, then succeeds. The fault lasts until then. */
function watch(answers: StoreError[]): FullDiskWatch {
  reports = [];
  probes = 0;
  const left = [...answers];
  const execute = async (statement: string) => {
    if (!statement.startsWith('INSERT')) return;
    probes++;
    const answer = left.shift();
    if (answer === undefined) return;
    watching.notice(answer);
    throw answer;
  };
  const connection = { execute, discard: () => undefined } as unknown as Connection;
  const pool = { withConnection: (work) => work(connection) } as Pool;
  const faults = {
    report: (message: string) => reports.push(message),
    current: () => (reports.length > 0 && probes <= answers.length ? 'a fault' : null),
  };
  const { signal } = new AbortController();
  const watching = createFullDiskWatch({ pool, faults, signal, pauseMs: 1 });
  return watching;
}

test.each(['ER_RECORD_FILE_FULL', 'ER_DISK_FULL'])('%s is a fault until a probe finds room', async (code) => {
  watch([failure(code)]).notice(failure(code));
  await expect.poll(() => probes, WAIT).toBe(2);
  const full = `the database's disk is full (${code})`;
  expect(reports).toEqual([full, full]);
});

test.each(['STATEMENT_DEADLINE', 'ER_STATEMENT_TIMEOUT'])(
  'a write that does not end (%s) is a fault when a probe does not either',
  async (code) => {
    watch([failure(code)]).notice(failure(code, 'COMMIT'));
    await expect.poll(() => probes, WAIT).toBe(2);
    expect(reports).toEqual([`writes to the database do not complete (${code})`]);

    const slow = watch([]);
    slow.notice(failure(code, ' update nodes'));
    await expect.poll(() => probes, WAIT).toBe(1);
    expect(reports).toEqual([]);
  },
);

test('what is slow to be read, and every other failure, is none', async () => {
  const watching = watch([]);
  watching.notice(failure('STATEMENT_DEADLINE', 'SELECT 1'));
  watching.notice(failure('ER_LOCK_WAIT_TIMEOUT'));
  watching.notice(failure('ECONNREFUSED'));
  // Last, because this one does start a probe.
  watching.notice(failure('STATEMENT_DEADLINE'));
  await expect.poll(() => probes, WAIT).toBe(1);
  expect(reports).toEqual([]);
});
