import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Database, startDatabase } from './database.ts';

let home: string;
const started: Database[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'orion-database-'));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((database) => database.stop()));
  rmSync(home, { recursive: true, force: true });
});

async function start(signal?: AbortSignal): Promise<Database> {
  const database = await startDatabase(signal ? { home, signal } : { home });
  started.push(database);
  return database;
}

function ask(database: Database, sql: string): string {
  return execFileSync('mariadb', [
    '--no-defaults',
    `--socket=${database.socketPath}`,
    '--batch',
    '--skip-column-names',
    'orion',
    `--execute=${sql}`,
  ])
    .toString()
    .trim();
}

test('keeps what was acknowledged over kill -9 and answers again at the next start', async () => {
  const first = await start();
  ask(first, 'CREATE TABLE kept (value INT); INSERT INTO kept VALUES (42)');
  process.kill(first.pid, 'SIGKILL');
  expect((await first.exited).signal).toBe('SIGKILL');
  const second = await start();
  expect(ask(second, 'SELECT value FROM kept')).toBe('42');
});

test('opens no port, belongs to the lab, and runs in a process group of its own', async () => {
  const database = await start();
  expect(ask(database, 'SELECT @@skip_networking, @@innodb_flush_log_at_trx_commit')).toBe('1\t1');
  expect(readFileSync(`/proc/${database.pid}/environ`, 'utf8')).toContain(`ORION_LAB=${home}\0`);
  const group = readFileSync(`/proc/${database.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
  expect(group).toBe(String(database.pid));
});

test('does an installation again that was cut off half-way', async () => {
  mkdirSync(join(home, 'database.new'));
  writeFileSync(join(home, 'database.new', 'ibdata1'), 'half');
  expect(ask(await start(), 'SELECT 1')).toBe('1');
});

test('names the server that still uses the same files instead of fighting it', async () => {
  const running = await start();
  await expect(startDatabase({ home })).rejects.toThrow(`pid ${running.pid}`);
  expect(ask(running, 'SELECT 1')).toBe('1');
});

test('waits for a server that is just going away', async () => {
  const first = await start();
  void first.stop();
  expect(ask(await start(), 'SELECT 1')).toBe('1');
});

test('says so at once when the server ends while it starts', async () => {
  const first = await start();
  await first.stop();
  rmSync(join(home, 'database', 'mysql'), { recursive: true });
  writeFileSync(join(home, 'database', 'ibdata1'), 'damaged');
  await expect(startDatabase({ home })).rejects.toThrow('ended while it started');
});
