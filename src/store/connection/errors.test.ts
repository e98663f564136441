import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { parseDatabaseUrl } from './database-url.ts';
import { classifyDatabaseError, findStoreError, isDiskFull, StoreError } from './errors.ts';

const failure = (code: string, errno: number) => Object.assign(new Error(code), { code, errno });

test.each([
  [failure('ER_LOCK_DEADLOCK', 1213), 'retry'],
  [failure('ER_LOCK_WAIT_TIMEOUT', 1205), 'retry'],
  [failure('ER_CHECKREAD', 1020), 'retry'],
  [failure('ER_DUP_ENTRY', 1062), 'duplicate'],
  [failure('ER_UNKNOWN_COM_ERROR', 1047), 'notExecuted'],
  [failure('ER_OPTION_PREVENTS_STATEMENT', 1290), 'notExecuted'],
  [failure('ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION', 1792), 'notExecuted'],
  [failure('ER_READ_ONLY_MODE', 1836), 'notExecuted'],
  [failure('ECONNREFUSED', -111), 'notExecuted'],
  [failure('ER_ERROR_DURING_COMMIT', 1180), 'unknown'],
  [failure('ECONNRESET', -104), 'unknown'],
  [failure('EPIPE', -32), 'unknown'],
  [Object.assign(new Error('closed'), { code: 'PROTOCOL_CONNECTION_LOST' }), 'unknown'],
  [failure('ER_NO_SUCH_TABLE', 1146), 'rejected'],
  [failure('ER_RECORD_FILE_FULL', 1114), 'notExecuted'],
  [failure('ER_DISK_FULL', 1021), 'notExecuted'],
  [failure('UNKNOWN_CODE_PLEASE_REPORT', 1927), 'unknown'],
  [failure('UNKNOWN_CODE_PLEASE_REPORT', 1969), 'notExecuted'],
  [new Error('never heard of'), 'unknown'],
  ['not an error', 'unknown'],
])('classifies %s as %s', (error, kind) => {
  expect(classifyDatabaseError(error).kind).toBe(kind);
  expect(classifyDatabaseError(new DrizzleQueryError('SELECT ?', ['secret'], error as Error)).kind).toBe(
    kind,
  );
});

test.each([
  ['ER_GET_ERRNO', 1030, 'Got error 28 "No space left on device" from storage engine InnoDB', true],
  ['ER_ERROR_ON_WRITE', 1026, `Error writing file 'x' (errno: 28 "No space left on device")`, true],
  ['ER_GET_ERRNO', 1030, 'Got error 122 "Internal error" from storage engine InnoDB', false],
  // The message quotes what a client sent.
  ['ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 1366, `Incorrect string value: '(errno: 28 "No space")'`, false],
])('knows ENOSPC in %s (%i) by its text: %s', (code, errno, message, isFull) => {
  const found = classifyDatabaseError(Object.assign(new Error(message), { code, errno }));
  expect(isDiskFull(new StoreError(found.kind, found.code, null))).toBe(isFull);
});

test('finds a StoreError inside of the wrapper of the query builder', () => {
  const inner = new StoreError('retry', 'ER_LOCK_DEADLOCK', null);
  expect(findStoreError(new DrizzleQueryError('SELECT ?', [], inner))).toBe(inner);
  expect(findStoreError(new Error('other'))).toBeNull();
});

test('reads a database URL, and repeats no part of one that is wrong', () => {
  expect(parseDatabaseUrl('mysql://orion:p%40ss@db:3307/orion')).toEqual({
    user: 'orion',
    password: 'p@ss',
    database: 'orion',
    host: 'db',
    port: 3307,
  });
  expect(parseDatabaseUrl('mysql://root@localhost/orion?socketPath=%2Frun%2Fdb.sock')).toEqual({
    user: 'root',
    database: 'orion',
    socketPath: '/run/db.sock',
  });
  for (const wrong of [
    's3cret',
    'http://s3cret@db/orion',
    'mysql://u:s3cret@db',
    'mysql://u:s3cret@db/o?flags=x',
  ]) {
    expect(() => parseDatabaseUrl(wrong)).toThrow(/^(?!.*s3cret)/);
  }
});
