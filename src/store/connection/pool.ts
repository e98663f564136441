import { setTimeout as sleep } from 'node:timers/promises';
import { drizzle, type MySqlRemoteDatabase } from 'drizzle-orm/mysql-proxy';
import mysql from 'mysql2';
import { isOwnError } from '../../core/failure/own-fault.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { classifyDatabaseError, StoreError } from './errors.ts';

export interface PoolSettings {
  url: string;
  connectionLimit?: number;
  /** How long to wait for a connection, including opening and preparing it. */
  acquireMs?: number;
  /** How long a statement may take before its connection is destroyed. */
  statementMs?: number;
  /** Called for each statement that fails. */
  onFailure?: (error: StoreError) => void;
}

/** A connection while it is lent. */
export interface Connection {
  db: MySqlRemoteDatabase;
  /** For what the query builder can't express. */
  execute(statement: string, values?: unknown[]): Promise<mysql.ResultSetHeader>;
  /** `now`: the connection is broken. `after`: it must not be lent again. */
  discard(when: 'now' | 'after'): void;
}

export interface Pool {
  withConnection<Result>(
    work: (connection: Connection) => Promise<Result>,
    options?: { statementMs: number },
  ): Promise<Result>;
  close(): Promise<void>;
}

const CLOSE_DEADLINE_MS = 2_000;
const ASK_AGAIN_MS = 20;

// The server's limits are shorter than the client's deadline, so that a slow statement ends with an error, not
// with a lost connection. A leader that stalls inside a transaction holds the lease row against its successor:
// idle_write_transaction_timeout ends that.
const SESSION_SETTINGS = `SET SESSION
  time_zone = '+00:00',
  sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
  tx_isolation = 'REPEATABLE-READ',
  innodb_snapshot_isolation = ON,
  max_statement_time = 4,
  innodb_lock_wait_timeout = 3,
  idle_write_transaction_timeout = 3,
  idle_readonly_transaction_timeout = 10`;

/**
 * Connections to the database on which every wait is bounded: the driver alone waits forever on a server that is
 * frozen or cut off. A connection whose statement hit its deadline is destroyed, because the next statement would
 * only queue up behind it.
 */
export function createPool(settings: PoolSettings): Pool {
  const { acquireMs = 5_000, statementMs = 5_000, connectionLimit = 10 } = settings;
  const pool = createDriverPool(settings.url, connectionLimit);
  const builders = new WeakMap<mysql.PoolConnection, QueryBuilder>();
  const open = new Set<mysql.PoolConnection>();
  pool.on('connection', (connection) => {
    open.add(connection);
    connection.on('end', () => open.delete(connection));
    // A connection can fail more than once, and the driver listens only for the first failure.
    connection.on('error', () => open.delete(connection));
  });

  async function withConnection<Result>(
    work: (connection: Connection) => Promise<Result>,
    options = { statementMs },
  ): Promise<Result> {
    const lent = await acquire(pool, open, acquireMs);
    const builder = builders.get(lent) ?? createQueryBuilder();
    const { connection, isReusable } = wrap(lent, builder, options.statementMs, settings.onFailure);
    try {
      if (!builders.has(lent)) await prepare(connection);
      builders.set(lent, builder);
      return await work(connection);
    } finally {
      if (isReusable()) lent.release();
      else lent.destroy();
    }
  }

  async function close(): Promise<void> {
    const ended = new Promise<void>((done) => pool.end(() => done()));
    await Promise.race([ended, sleep(CLOSE_DEADLINE_MS, undefined, { ref: false })]);
    for (const connection of open) connection.destroy();
  }

  return { withConnection, close };
}

function createDriverPool(url: string, connectionLimit: number): mysql.Pool {
  return mysql.createPool({
    ...parseDatabaseUrl(url),
    connectionLimit,
    // Idle connections die unnoticed behind firewalls and during restarts: keep few, and not for long.
    // The driver ends them only where fewer may be idle than open.
    maxIdle: Math.min(4, connectionLimit - 1),
    idleTimeout: 30_000,
    queueLimit: 200,
    connectTimeout: 3_000,
    timezone: 'Z',
    // The query builder parses these as UTC dates.
    dateStrings: true,
    supportBigNumbers: true,
    // An object as a parameter would otherwise become SQL (`{a: 1}` as "a = 1").
    stringifyObjects: true,
    multipleStatements: false,
    flags: ['-LOCAL_FILES'],
  });
}

type Query = (sql: string, values: unknown[], rowsAsArray: boolean) => Promise<unknown>;

/** One for each connection, not for each time that it is lent: it caches the names of all columns. */
interface QueryBuilder {
  db: MySqlRemoteDatabase;
  /** Statements run through this from now on. */
  use(query: Query): void;
}

function createQueryBuilder(): QueryBuilder {
  let query: Query = () => Promise.reject(new Error('the connection was not lent yet'));
  const db = drizzle(
    async (sql, params, method) => {
      const rows = await query(sql, params, method === 'all');
      return { rows: method === 'all' ? (rows as unknown[]) : [rows] };
    },
    { casing: 'snake_case' },
  );
  return {
    db,
    use: (next) => {
      query = next;
    },
  };
}

const LEAVES_CONNECTION_USABLE = new Set(['retry', 'duplicate', 'rejected']);

function wrap(
  lent: mysql.PoolConnection,
  builder: QueryBuilder,
  statementMs: number,
  onFailure: PoolSettings['onFailure'],
): { connection: Connection; isReusable: () => boolean } {
  let broken = false;
  let discarded = false;
  const query: Query = async (sql, values, rowsAsArray) => {
    // Otherwise its deadline would pass before the driver reports the lost connection.
    if (broken) throw new StoreError('unknown', 'CONNECTION_BROKEN', sql);
    try {
      return await runStatement(lent, { sql, values, rowsAsArray }, statementMs);
    } catch (error) {
      if (error instanceof StoreError) onFailure?.(error);
      broken = !(error instanceof StoreError && LEAVES_CONNECTION_USABLE.has(error.kind));
      throw error;
    }
  };
  builder.use(query);
  const connection: Connection = {
    db: builder.db,
    execute: async (sql, values = []) => (await query(sql, values, false)) as mysql.ResultSetHeader,
    discard: (when) => {
      discarded = true;
      broken ||= when === 'now';
    },
  };
  return { connection, isReusable: () => !broken && !discarded };
}

async function prepare(connection: Connection): Promise<void> {
  try {
    await connection.execute(SESSION_SETTINGS);
  } catch (error) {
    connection.discard('now');
    // The caller's own work was not sent yet.
    if (error instanceof StoreError) throw new StoreError('notExecuted', error.code, error.statement);
    throw error;
  }
}

function acquire(
  pool: mysql.Pool,
  open: ReadonlySet<mysql.PoolConnection>,
  deadlineMs: number,
): Promise<mysql.PoolConnection> {
  return new Promise((done, fail) => {
    let waiting = true;
    const timer = setTimeout(() => {
      waiting = false;
      fail(new StoreError('notExecuted', 'ACQUIRE_DEADLINE', null));
    }, deadlineMs);
    const ask = () => {
      if (waiting) pool.getConnection(take);
    };
    const take: Parameters<typeof pool.getConnection>[0] = (error, connection) => {
      if (!waiting) {
        // Its caller gave up waiting; the driver has no way to leave its queue.
        if (!error) connection.release();
        return;
      }
      // A process that can't open another (files, ports, memory) uses the connections it has. Otherwise a leader
      // that reads with several at once could do nothing, not even report what it lacks.
      if (error && open.size > 0 && isOwnError(error)) {
        setTimeout(ask, ASK_AGAIN_MS);
        return;
      }
      clearTimeout(timer);
      // No code: the pool is closed, or its queue is full.
      if (error) fail(new StoreError('notExecuted', error.code ?? 'NO_CONNECTION', null));
      else done(connection);
    };
    ask();
  });
}

function runStatement(
  connection: mysql.PoolConnection,
  statement: { sql: string; values: unknown[]; rowsAsArray: boolean },
  deadlineMs: number,
): Promise<unknown> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      connection.destroy();
      fail(new StoreError('unknown', 'STATEMENT_DEADLINE', statement.sql));
    }, deadlineMs);
    connection.query(statement, (error, result) => {
      clearTimeout(timer);
      if (!error) return done(result);
      const { kind, code } = classifyDatabaseError(error);
      fail(new StoreError(kind, code, statement.sql));
    });
  });
}
