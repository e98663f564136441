import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Leadership } from '../../core/ports/leadership.ts';
import { aRental } from '../../core/rows.fixture.ts';
import { type ScratchServer, startScratchServer } from '../../lab/scratch-database.ts';
import { createPool, type Pool } from '../connection/pool.ts';
import { lease } from '../contract/contract.fixture.ts';
import { createStore } from '../store.ts';
import { findSchemaProblem, migrate } from './migrate.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let server: ScratchServer;
let url: string;
let pool: Pool;

beforeAll(async () => {
  server = await startScratchServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  url = await server.createDatabase();
  pool = createPool({ url });
});
afterEach(() => pool.close());

const problem = () => pool.withConnection(findSchemaProblem);

async function count(table: string): Promise<number> {
  const rows = await pool.withConnection(({ execute }) => execute(`SELECT count(*) AS n FROM ${table}`));
  return (rows as unknown as { n: number }[])[0]?.n ?? -1;
}

/** A copy of the migrations that the test may change. */
function copyMigrations(): { folder: string; url: URL } {
  const folder = mkdtempSync(join(tmpdir(), 'orion-migrations-'));
  cpSync(join(root, 'drizzle'), folder, { recursive: true });
  return { folder, url: pathToFileURL(`${folder}/`) };
}

function addMigration(folder: string, sql: string): void {
  const path = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: { tag: string }[] };
  journal.entries.push({ tag: '9999_next' });
  writeFileSync(path, JSON.stringify(journal));
  writeFileSync(join(folder, '9999_next.sql'), sql);
}

test('brings an empty database to the schema once, and does nothing the second time', async () => {
  expect(await problem()).toBe('the database has no schema yet');
  const ran = await migrate(pool);
  expect(ran.length).toBeGreaterThan(0);
  expect(await problem()).toBeNull();
  expect(await migrate(pool)).toEqual([]);
  expect(await count('schema_migrations')).toBe(ran.length);
});

test('lets many start at once: exactly one runs each migration and all come back when it is done', async () => {
  const pools = Array.from({ length: 4 }, () => createPool({ url, connectionLimit: 3 }));
  const results = await Promise.all(pools.map((each) => migrate(each)));
  expect(results.filter((ran) => ran.length > 0)).toHaveLength(1);
  expect(await problem()).toBeNull();
  await Promise.all(pools.map((each) => each.close()));
});

/** The migrations before the named one. */
function copyMigrationsBefore(tag: string): { folder: string; url: URL } {
  const copy = copyMigrations();
  const path = join(copy.folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: { tag: string }[] };
  const left = journal.entries.findIndex((entry) => entry.tag === tag);
  for (const { tag: later } of journal.entries.splice(left)) rmSync(join(copy.folder, `${later}.sql`));
  writeFileSync(path, JSON.stringify(journal));
  return copy;
}

test('takes the rows of the version before along, and the leader goes on with them', async () => {
  const copy = copyMigrationsBefore('0014_memory');
  await migrate(pool, copy.url);
  rmSync(copy.folder, { recursive: true });
  expect(await problem()).toContain('has not run yet');
  const at = '2026-01-02T03:04:06.789Z';
  const saying = (type: string, reason: string, status = 'False') => ({
    type,
    status,
    reason,
    message: 'm',
    lastTransitionTime: at,
  });
  const clean = (reason: string) => saying('Clean', reason);
  const nodes = [
    { state: 'free', status: 'alive', conditions: [] },
    {
      state: 'quarantined',
      status: 'alive',
      conditions: [saying('Reachable', 'Alive', 'True'), clean('Quarantined')],
    },
    {
      state: 'dead',
      status: 'dead',
      conditions: [clean('Quarantined'), saying('Reachable', 'ConnectionRefused')],
    },
    { state: 'dead', status: 'dead', conditions: [clean('NotVerified')] },
  ];
  await pool.withConnection(async ({ execute }) => {
    for (const [index, { state, status, conditions }] of nodes.entries()) {
      await execute(
        `INSERT INTO nodes (name, host, port, user, private_key_path, client_host, client_port, labels, status,
           state, state_since, conditions, next_uid, resource_version)
         VALUES (?, 'h', 22, 'root', '/key', 'h', 22, '{}', ?, ?, '2026-01-02 03:04:05.678', ?, 20007, 5)`,
        [`w${index}`, status, state, JSON.stringify(conditions)],
      );
    }
    await execute(
      `INSERT INTO rentals (id, tenant, name, account, created_at, generation, spec, dirty, phase,
         observed_generation, conditions, resource_version)
       VALUES ('r_1', 'acme', 'mine', 'racme1', now(3), 1, ?, false, 'Active', 1, '[]', 3)`,
      [JSON.stringify(aRental().spec)],
    );
    await execute(
      `INSERT INTO placements (epoch, rental_id, node, role, account, uid, started_at, ready_at)
       VALUES (4, 'r_1', 'w0', 'serving', 'racme1', 20006, now(3), now(3))`,
    );
  });

  expect(await migrate(pool)).toHaveLength(2);
  const store = createStore(pool);
  const since = new Date('2026-01-02T03:04:05.678Z');
  const records = (await store.listNodes()).map(({ spec, record }) => [spec.name, record] as const);
  expect(
    records.map(([name, { quarantinedAt, unreachableSince, nextUid }]) => [
      name,
      quarantinedAt,
      unreachableSince,
      nextUid,
    ]),
  ).toEqual([
    ['w0', null, null, 20_007],
    ['w1', since, null, 20_007],
    ['w2', since, new Date(at), 20_007],
    ['w3', null, null, 20_007],
  ]);
  const leader = (await store.acquire(lease)) as Leadership;
  const [rental] = await store.listOpenRentals();
  expect(rental?.placements).toMatchObject([{ epoch: 4, node: 'w0' }]);
  const [name, record] = records[1] as (typeof records)[0];
  const saved = await store.save(leader, {
    nodes: [{ name, record: { ...record, lastCleaningReason: 'RemovalUnfinished' } }],
    events: [],
  });
  expect(saved.kind).toBe('saved');
  expect((await store.loadNode(name))?.record).toMatchObject({
    quarantinedAt: since,
    lastCleaningReason: 'RemovalUnfinished',
  });
});

test('goes on where a process was killed between a statement and its count', async () => {
  const copy = copyMigrations();
  addMigration(copy.folder, 'CREATE TABLE one (a int);\n--> statement-breakpoint\nCREATE TABLE two (a int)');
  await migrate(pool, copy.url);
  const forget = `UPDATE schema_migrations SET statements = 0, finished_at = NULL WHERE name = '9999_next'`;
  await pool.withConnection(async ({ execute }) => {
    await execute('DROP TABLE two');
    await execute(forget);
  });
  expect(await migrate(pool, copy.url)).toEqual(['9999_next']);
  expect(await count('two')).toBe(0);
  rmSync(copy.folder, { recursive: true });
});

test('refuses a database that a newer program has migrated', async () => {
  const copy = copyMigrations();
  addMigration(copy.folder, 'CREATE TABLE later (a int)');
  await migrate(pool, copy.url);
  await expect(migrate(pool)).rejects.toThrow('newer than this program: it has 9999_next');
  expect(await problem()).toContain('newer than this program');
  rmSync(copy.folder, { recursive: true });
});

test('refuses to go on when a migration was edited after it ran', async () => {
  await migrate(pool);
  const copy = copyMigrations();
  const file = readdirSync(copy.folder).find((name) => name.endsWith('.sql')) as string;
  writeFileSync(join(copy.folder, file), `${readFileSync(join(copy.folder, file), 'utf8')}\n`);
  await expect(migrate(pool, copy.url)).rejects.toThrow('was changed after it ran');
  rmSync(copy.folder, { recursive: true });
});

test('has a migration for every change of the schema', () => {
  // drizzle-kit writes into a copy, so that a failure leaves no half-made migration in the checkout.
  const folder = mkdtempSync(join(tmpdir(), 'orion-schema-'));
  try {
    for (const part of ['src/core', 'src/store', 'drizzle']) {
      cpSync(join(root, part), join(folder, part), { recursive: true });
    }
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const before = readdirSync(join(folder, 'drizzle'));
    const tool = join(root, 'node_modules', '.bin', 'drizzle-kit');
    const out = execFileSync(tool, ['generate', '--config', 'drizzle/drizzle.config.ts'], { cwd: folder });
    expect(out.toString()).toContain('No schema changes');
    expect(readdirSync(join(folder, 'drizzle'))).toEqual(before);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
