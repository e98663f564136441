import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase } from '../lab/database.ts';
import { openSmallDisk } from '../lab/small-disk.fixture.ts';
import { createPool } from '../store/connection/pool.ts';
import { openReconcilers, type Reconcilers, until } from './reconcilers.fixture.ts';

let reconcilers: Reconcilers;

beforeAll(async () => {
  reconcilers = await openReconcilers();
});
afterAll(() => reconcilers?.close());

test('a daemon whose database has a full disk says so for as long as it lasts, though reads and renewals go well', async () => {
  const disk = await openSmallDisk(256);
  const database = await startDatabase({ home: disk.path });
  const pool = createPool({ url: database.url });
  try {
    reconcilers.start('cramped', database.url);
    await until(() => reconcilers.leads('cramped'));
    const readiness = async () => (await reconcilers.ask('cramped', '/readyz')).body;
    await expect.poll(readiness).toContain('ready');
    await disk.fill();
    const row = `('filler', now(3), 'filler', repeat('x', 500))`;
    const insert = `INSERT INTO events (type, at, reason, message) VALUES ${row}`;
    const write = () =>
      pool
        .withConnection(({ execute }) => execute(insert))
        .then(
          () => true,
          () => false,
        );
    // The table's file still has room for a few; then the leader, who numbers each of them, meets the end of it.
    await until(async () => !(await write()));
    await expect.poll(readiness).toContain("the database's disk is full");
    expect(await reconcilers.leads('cramped')).toBe(true);
    await disk.empty();
    await expect.poll(readiness).toContain('"ready"');
  } finally {
    await pool.close();
    await database.stop();
    await disk.close();
  }
}, 300_000);
