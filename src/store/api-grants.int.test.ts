import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { asApiUser, openAsApiUser } from './api-user.fixture.ts';
import { StoreError } from './connection/errors.ts';
import { createFullDiskWatch } from './connection/full-disk.ts';
import { createPool, type Pool } from './connection/pool.ts';
import { event } from './contract/samples.fixture.ts';
import { migrate } from './migration/migrate.ts';
import { createStore } from './store.ts';

// src/api/fuzz/fuzz.int.test.ts shows that every API call works with these rights: its API has no others.

let server: ScratchServer;
let url: string;
let root: Pool;
let api: Pool;

beforeAll(async () => {
  server = await startScratchServer();
  url = await server.createDatabase();
  root = createPool({ url });
  // As at the first start of compose's database, before any table exists.
  api = await openAsApiUser(root, url);
  await migrate(root);
});
afterAll(async () => {
  await api?.close();
  await root?.close();
  await server?.stop();
});

const run = (statement: string) => api.withConnection(({ execute }) => execute(statement));

test('the API adds to the history and never changes or deletes an entry', async () => {
  await createStore(api).recordEvents([event({ type: 'token.created' })]);
  for (const statement of [
    `UPDATE events SET message = 'nothing happened'`,
    'UPDATE events SET actor = NULL',
    'DELETE FROM events',
    `REPLACE INTO events (id, type, at, reason, message) VALUES (1, 'x', now(3), 'x', 'x')`,
    `INSERT INTO events (id, type, at, reason, message) VALUES (1, 'x', now(3), 'x', 'x')
     ON DUPLICATE KEY UPDATE message = 'nothing happened'`,
    'TRUNCATE events',
    'DROP TABLE events',
    'ALTER TABLE events DROP COLUMN actor',
  ]) {
    await expect(run(statement), statement).rejects.toMatchObject({
      code: expect.stringMatching(/^ER_(TABLEACCESS|DBACCESS|COLUMNACCESS)_DENIED_ERROR$/),
    });
  }
  const leader = await createStore(root).acquire({ holder: 'one', durationMs: 60_000 });
  if (leader) await createStore(root).numberEvents(leader);
  const filter = { rentalId: null, node: null, type: null, afterSeq: 0, limit: 9 };
  expect(await createStore(api).listEvents(null, filter)).toMatchObject([{ type: 'token.created' }]);
});

test('and has no hand on the lease, on where clients are, nor on the schema', async () => {
  for (const statement of [
    'UPDATE leases SET token = token + 1',
    'DELETE FROM placements',
    'DELETE FROM nodes',
    'DELETE FROM schema_migrations',
    'CREATE TABLE mine (id int)',
  ]) {
    await expect(run(statement), statement).rejects.toMatchObject({
      code: expect.stringContaining('DENIED'),
    });
  }
});

test('and finds out by itself whether the disk of the database has room, without a trace', async () => {
  const failures: string[] = [];
  const pool = createPool({ url: asApiUser(url), onFailure: ({ code }) => failures.push(code) });
  const count = async () =>
    (await root.withConnection(({ execute }) => execute('SELECT id FROM events'))) as unknown;
  const before = await count();
  await new Promise<void>((probed) => {
    const current = () => {
      probed();
      return null;
    };
    const faults = { report: () => undefined, current };
    const watch = createFullDiskWatch({ pool, faults, signal: new AbortController().signal });
    watch.notice(new StoreError('notExecuted', 'ER_DISK_FULL', null));
  });
  await pool.close();
  expect([failures, await count()]).toEqual([[], before]);
});

test('an API that could do anything, as versions before could, is brought down to these rights', async () => {
  const url = await server.createDatabase();
  const owner = createPool({ url });
  await migrate(owner);
  const rewrite = (pool: Pool) =>
    pool.withConnection(({ execute }) => execute(`UPDATE events SET message = 'nothing happened'`));
  await owner.withConnection(({ execute }) =>
    execute(`GRANT SELECT, INSERT, UPDATE, DELETE ON * TO 'orion_api'@'%'`),
  );
  const before = createPool({ url: asApiUser(url) });
  await rewrite(before);
  await before.close();
  const after = await openAsApiUser(owner, url);
  await expect(rewrite(after)).rejects.toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' });
  await after.close();
  await owner.close();
});
