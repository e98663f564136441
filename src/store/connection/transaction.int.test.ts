import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { sql } from 'drizzle-orm';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ScratchServer, startScratchServer } from '../../lab/scratch-database.ts';
import { findStoreError, StoreError } from './errors.ts';
import { type Connection, createPool, type Pool } from './pool.ts';
import { inTransaction, readOnce, undo } from './transaction.ts';

let server: ScratchServer;
let url: string;
let pool: Pool;
/** Observes and kills, through connections of its own. */
let observer: Pool;

beforeAll(async () => {
  server = await startScratchServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  url = await server.createDatabase();
  pool = createPool({ url, connectionLimit: 2, acquireMs: 1_000, statementMs: 1_000 });
  observer = createPool({ url });
  await observer.withConnection(async ({ execute }) => {
    await execute(
      'CREATE TABLE counters (name varchar(32) PRIMARY KEY, value int NOT NULL, note varchar(64))',
    );
    await execute(`INSERT INTO counters VALUES ('a', 0, NULL), ('b', 0, NULL)`);
  });
});
afterEach(async () => {
  await pool.close();
  await observer.close();
});

const add = (connection: Connection, name: string) =>
  connection.execute('UPDATE counters SET value = value + 1 WHERE name = ?', [name]);

async function counterOf(name: string): Promise<number> {
  const rows = await observer.withConnection(({ execute }) =>
    execute('SELECT value FROM counters WHERE name = ?', [name]),
  );
  return (rows as unknown as { value: number }[])[0]?.value ?? -1;
}

async function connectionId(connection: Connection): Promise<number> {
  const rows = await connection.execute('SELECT connection_id() AS id');
  return (rows as unknown as { id: number }[])[0]?.id ?? -1;
}

async function failureOf(promise: Promise<unknown>): Promise<StoreError> {
  const thrown = await promise.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(StoreError);
  return thrown as StoreError;
}

/**
 * The pool, with `before` called ahead of one statement on each connection. It does some work, or throws in place
 * of the statement.
 */
function intercept(inner: Pool, statement: string, before: (connection: Connection) => Promise<void>): Pool {
  return {
    close: inner.close,
    withConnection: (work, options) =>
      inner.withConnection(
        (connection) =>
          work({
            ...connection,
            execute: async (text, values) => {
              if (text === statement) await before(connection);
              return await connection.execute(text, values);
            },
          }),
        options,
      ),
  };
}

test('commits what the work did, and undoes it when the work says so or fails', async () => {
  expect(await inTransaction(pool, async (connection) => void (await add(connection, 'a')))).toBeUndefined();
  const undone = await inTransaction(pool, async (connection) => {
    await add(connection, 'a');
    return undo('no');
  });
  expect(undone).toBe('no');
  const failing = inTransaction(pool, async (connection) => {
    await add(connection, 'a');
    throw new RangeError('of the caller');
  });
  await expect(failing).rejects.toThrow(RangeError);
  expect(await counterOf('a')).toBe(1);
});

test('keeps no connection when BEGIN fails, so that the pool works again afterwards', async () => {
  let failures = 0;
  const flaky = intercept(pool, 'START TRANSACTION', async () => {
    if (failures++ < 6) throw new StoreError('notExecuted', 'ER_UNKNOWN_COM_ERROR', null);
  });
  for (let i = 0; i < 6; i++) {
    expect((await failureOf(inTransaction(flaky, (connection) => add(connection, 'a')))).kind).toBe(
      'notExecuted',
    );
  }
  await inTransaction(flaky, (connection) => add(connection, 'a'));
  expect(await counterOf('a')).toBe(1);
});

test('prepares each new connection', async () => {
  const rows = await readOnce(pool, ({ execute }) =>
    execute(`SELECT @@time_zone AS zone, @@max_statement_time AS statement, @@tx_isolation AS level,
      @@idle_write_transaction_timeout AS idle, @@innodb_snapshot_isolation AS snapshot,
      @@innodb_lock_wait_timeout AS lockWait`),
  );
  expect(rows).toEqual([
    { zone: '+00:00', statement: 4, level: 'REPEATABLE-READ', idle: 3, snapshot: 1, lockWait: 3 },
  ]);
});

test('ends every wait on a frozen server, and recovers when it goes on', async () => {
  await inTransaction(pool, (connection) => add(connection, 'a'));
  process.kill(server.pid, 'SIGSTOP');
  try {
    const startedAt = performance.now();
    const waiting = Array.from({ length: 8 }, () =>
      failureOf(inTransaction(pool, (connection) => add(connection, 'a'))),
    );
    const kinds = new Set((await Promise.all(waiting)).map(({ kind }) => kind));
    expect([...kinds]).toEqual(['notExecuted']);
    expect(performance.now() - startedAt).toBeLessThan(3_500);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  await expect
    .poll(() =>
      inTransaction(pool, (s) => add(s, 'a')).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  expect(await counterOf('a')).toBe(2);
});

test('runs a transaction again that lost a deadlock', async () => {
  let attempts = 0;
  const cross = (first: string, second: string) =>
    inTransaction(pool, async (connection) => {
      attempts++;
      await add(connection, first);
      // Long enough for each to hold its first row before it wants the second.
      await sleep(100);
      await add(connection, second);
    });
  await Promise.all([cross('a', 'b'), cross('b', 'a')]);
  expect([await counterOf('a'), await counterOf('b')]).toEqual([2, 2]);
  expect(attempts).toBe(3);
});

test('refuses a write that was computed from an outdated read, by running it again', async () => {
  const increment = () =>
    inTransaction(pool, async (connection) => {
      const rows = await connection.execute(`SELECT value FROM counters WHERE name = 'a'`);
      const { value } = (rows as unknown as { value: number }[])[0] as { value: number };
      // Long enough for both to have read before either writes.
      await sleep(20);
      await connection.execute(`UPDATE counters SET value = ? WHERE name = 'a'`, [value + 1]);
    });
  await Promise.all([increment(), increment()]);
  expect(await counterOf('a')).toBe(2);
});

test('says unknown when the connection ends at COMMIT, whatever became of it', async () => {
  const killing = intercept(pool, 'COMMIT', async (connection) => {
    const id = await connectionId(connection);
    await observer.withConnection(({ execute }) => execute(`KILL ${id}`));
  });
  const error = await failureOf(inTransaction(killing, (connection) => add(connection, 'a')));
  expect(error.kind).toBe('unknown');
  expect(await counterOf('a')).toBe(0);
});

test.each([
  ['while the next statement is sent', 0],
  // Long enough for the driver to have noticed.
  ['before the next statement is sent', 100],
])('tries once more when an idle connection turns out to be dead %s', async (_when, pauseMs) => {
  let kills = 0;
  await inTransaction(pool, async (connection) => {
    if (kills++ === 0) {
      const id = await connectionId(connection);
      await observer.withConnection(({ execute }) => execute(`KILL ${id}`));
      await sleep(pauseMs);
    }
    await add(connection, 'a');
  });
  expect(await counterOf('a')).toBe(1);
  expect(kills).toBe(2);
});

test('keeps the values of a statement out of its errors', async () => {
  const secret = 'planted-s3cret';
  const wrong: ((connection: Connection) => Promise<unknown>)[] = [
    (connection: Connection) => connection.execute('INSERT INTO counters VALUES (?, 1, ?)', ['a', secret]),
    (connection: Connection) => connection.execute('INSERT INTO nothing VALUES (?)', [secret]),
    (connection: Connection) =>
      connection.db.execute(sql`INSERT INTO counters VALUES (${'a'}, 1, ${secret})`),
    (connection: Connection) => connection.db.execute(sql`UPDATE counters SET value = ${secret}`),
    (connection: Connection) => connection.db.execute(sql`SELECT ${secret} FROM nothing`),
  ];
  for (const work of wrong) {
    for (const run of [inTransaction<unknown>, readOnce<unknown>]) {
      const error = await failureOf(run(pool, work));
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain(secret);
      expect(findStoreError(error)).toBe(error);
    }
  }
});

test('closes within its deadline also when the server is frozen', async () => {
  await readOnce(pool, ({ execute }) => execute('SELECT 1'));
  process.kill(server.pid, 'SIGSTOP');
  try {
    const startedAt = performance.now();
    await pool.close();
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
});

test('a process that may open no more files makes do with the connections that it has', async () => {
  // In a process of its own: with no files left, this one could not open any either.
  const program = `
    import { execFileSync } from 'node:child_process';
    import { createPool } from '${new URL('../../../dist/store/connection/pool.js', import.meta.url)}';
    const pool = createPool({ url: process.env.DATABASE, connectionLimit: 4 });
    const one = () => pool.withConnection(({ execute }) => execute('SELECT connection_id() AS id'));
    const [{ id }] = await one();
    execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=3:']);
    const answers = await Promise.allSettled([one(), one(), one()]);
    console.log(JSON.stringify(answers.map(({ value, reason }) => value?.[0].id === id || reason.message)));
    process.exit();`;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', program], {
    env: { DATABASE: url },
    timeout: 30_000,
  });
  expect(JSON.parse(stdout)).toEqual([true, true, true]);
});
