import { DrizzleQueryError } from 'drizzle-orm';

export type FailureKind =
  /** Rolled back by a conflict with another transaction: run it again from the start. */
  | 'retry'
  /** Nothing was written. */
  | 'notExecuted'
  /** It may or may not have been written: read it back before anything else. */
  | 'unknown'
  /** A unique key was violated. */
  | 'duplicate'
  /** The statement itself is wrong, or a constraint refused it. */
  | 'rejected';

/**
 * What database errors, by name, mean for their transaction. An unlisted error is `rejected` when the server
 * reported it, and `unknown` when it came from the connection.
 */
const KINDS: Record<string, FailureKind> = {
  ER_LOCK_DEADLOCK: 'retry', // 1213: on Galera also at COMMIT and at SELECT
  ER_LOCK_WAIT_TIMEOUT: 'retry', // 1205
  ER_CHECKREAD: 'retry', // 1020: the row changed since this transaction's snapshot
  ER_DUP_ENTRY: 'duplicate', // 1062
  ER_UNKNOWN_COM_ERROR: 'notExecuted', // 1047: a Galera node that is not part of the primary component
  ER_OPTION_PREVENTS_STATEMENT: 'notExecuted', // 1290
  ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: 'notExecuted', // 1792
  ER_READ_ONLY_MODE: 'notExecuted', // 1836
  ER_CON_COUNT_ERROR: 'notExecuted', // 1040
  ER_TOO_MANY_USER_CONNECTIONS: 'notExecuted', // 1203
  ER_DBACCESS_DENIED_ERROR: 'notExecuted', // 1044
  ER_ACCESS_DENIED_ERROR: 'notExecuted', // 1045
  ER_BAD_DB_ERROR: 'notExecuted', // 1049
  ER_QUERY_INTERRUPTED: 'notExecuted', // 1317
  ER_STATEMENT_TIMEOUT: 'notExecuted', // 1969, by max_statement_time
  ER_RECORD_FILE_FULL: 'notExecuted', // 1114: InnoDB could not make the table's file longer
  ER_DISK_FULL: 'notExecuted', // 1021, and other errors that quote ENOSPC
  ER_SERVER_SHUTDOWN: 'unknown', // 1053
  ER_ERROR_DURING_COMMIT: 'unknown', // 1180
  ER_NEW_ABORTING_CONNECTION: 'unknown', // 1184
  ER_CONNECTION_KILLED: 'unknown', // 1927
  ECONNREFUSED: 'notExecuted',
  ENOENT: 'notExecuted', // the socket of a server that is not up
  ACQUIRE_DEADLINE: 'notExecuted',
  STATEMENT_DEADLINE: 'unknown',
};

/** MariaDB's own numbers. The driver has no name for them, or MySQL's name. */
const MARIADB_NAMES: Record<number, string> = {
  1020: 'ER_CHECKREAD',
  1927: 'ER_CONNECTION_KILLED',
  1969: 'ER_STATEMENT_TIMEOUT',
};

/** File and write errors with many causes, which quote the operating system's error: 28 is ENOSPC. */
const QUOTES_SYSTEM = new Set(['ER_CANT_CREATE_FILE', 'ER_ERROR_ON_WRITE', 'ER_GET_ERRNO']); // 1004, 1026, 1030
const NO_SPACE = /\b(?:errno|errcode|error):? 28\b/i;

const MEANINGS: Record<FailureKind, string> = {
  retry: 'the transaction lost to another one',
  notExecuted: 'the database did not execute the statement',
  unknown: 'the connection broke: it is unknown whether the database executed the statement',
  duplicate: 'a unique key was violated',
  rejected: 'the database rejected the statement',
};

/**
 * The only kind of database error that leaves this folder. It keeps neither the driver's error nor its message:
 * those hold the values of the statement. `statement` has placeholders in their place.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: FailureKind;
  readonly code: string;
  readonly statement: string | null;

  constructor(kind: FailureKind, code: string, statement: string | null) {
    super(`${MEANINGS[kind]} (${code})`);
    this.kind = kind;
    this.code = code;
    this.statement = statement;
  }
}

export function classifyDatabaseError(error: unknown): { kind: FailureKind; code: string } {
  const { code, errno, fatal, message } = rootOf(error) as Record<string, unknown>;
  const number = typeof errno === 'number' && errno > 0 ? errno : null;
  // The driver gives no code when the connection was found broken before the statement was sent.
  const unnamed = fatal === true ? 'CONNECTION_BROKEN' : 'UNKNOWN';
  const named = (number !== null && MARIADB_NAMES[number]) || (typeof code === 'string' ? code : unnamed);
  const name = QUOTES_SYSTEM.has(named) && NO_SPACE.test(String(message)) ? 'ER_DISK_FULL' : named;
  return { kind: KINDS[name] ?? (number === null ? 'unknown' : 'rejected'), code: name };
}

/** True when the database has no room to write. */
export function isDiskFull({ code }: StoreError): boolean {
  return code === 'ER_RECORD_FILE_FULL' || code === 'ER_DISK_FULL';
}

/** The StoreError inside what was thrown; null when it was not a database error. */
export function findStoreError(thrown: unknown): StoreError | null {
  const root = rootOf(thrown);
  return root instanceof StoreError ? root : null;
}

/** Drizzle wraps the driver's error, and its own message contains all parameters. */
function rootOf(error: unknown): object {
  let root = error;
  while (root instanceof DrizzleQueryError && root.cause !== undefined) root = root.cause;
  return typeof root === 'object' && root !== null ? root : {};
}
