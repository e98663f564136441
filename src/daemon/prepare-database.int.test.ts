import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Logger } from '../core/ports/log.ts';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { createPool, type Pool } from '../store/connection/pool.ts';
import { type PrepareOptions, prepareDatabase } from './prepare-database.ts';

let server: ScratchServer;
let pool: Pool;
let rootUrl: string;
beforeAll(async () => {
  server = await startScratchServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  rootUrl = await server.createDatabase();
  pool = createPool({ url: rootUrl });
});
afterEach(() => pool.close());

const firstToken = { id: 'abcdefgh', hash: 'a'.repeat(64) };
const warn = vi.fn();
const logger = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() } as unknown as Logger;

function prepare(options: Partial<PrepareOptions>, with_ = pool, signal = new AbortController().signal) {
  const now = () => new Date('2026-01-01T00:00:00Z');
  return prepareDatabase(with_, { migrates: true, firstToken: null, now, ...options }, logger, signal);
}
const ask = (statement: string) => pool.withConnection(({ execute }) => execute(statement));
const listTokens = () => ask('SELECT id, role, revoked_at FROM api_tokens');

test('the half that may not change tables waits for the one that does, then works on its rights', async () => {
  const database = new URL(rootUrl).pathname.slice(1);
  await ask(`CREATE USER 'reader_${database}'@'%' IDENTIFIED BY 'x'`);
  await ask(`GRANT SELECT, INSERT, UPDATE, DELETE ON \`${database}\`.* TO 'reader_${database}'@'%'`);
  const url = new URL(rootUrl);
  url.username = `reader_${database}`;
  url.password = 'x';
  const limited = createPool({ url: url.href });
  try {
    let isDone = false;
    const waiting = prepare({ migrates: false, firstToken }, limited).then(() => {
      isDone = true;
    });
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.anything(), 'waiting for the schema'));
    expect(isDone).toBe(false);
    await prepare({});
    await waiting;
    expect(await listTokens()).toMatchObject([{ id: 'abcdefgh', role: 'admin' }]);
  } finally {
    await limited.close();
  }
});

test('the first token is stored once, and stays revoked', async () => {
  await prepare({ firstToken });
  await ask("UPDATE api_tokens SET revoked_at = '2026-01-02'");
  await prepare({ firstToken });
  const [token, ...others] = (await listTokens()) as unknown as { revoked_at: Date | null }[];
  expect(token?.revoked_at).not.toBeNull();
  expect(others).toEqual([]);
});

test('a signal ends the wait', async () => {
  const stopped = new AbortController();
  const waiting = prepare({ migrates: false }, pool, stopped.signal);
  stopped.abort();
  await waiting;
});

test('the fleet stays the same one over a database that is lost, restored or another, and whoever is first', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orion-fleet-'));
  const identityPath = join(folder, 'keys', 'fleet_identity');
  const next = async () => createPool({ url: await server.createDatabase() });
  const pools = [await next(), await next(), await next()] as const;
  const [fresh, other, late] = pools;
  try {
    // Several daemons at once, with one place for keys.
    const made = await Promise.all([1, 2, 3].map(() => prepare({ identityPath })));
    expect(made[0]?.id).toMatch(/^f_[0-9a-f]{24}$/);
    expect(new Set(made.map((identity) => JSON.stringify(identity))).size).toBe(1);
    expect((await stat(identityPath)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'keys'))).toEqual(['fleet_identity']);
    // A deleted database, and a dump older than the identity.
    expect(await prepare({ identityPath }, fresh)).toEqual(made[0]);
    await ask('DELETE FROM fleets');
    expect(await prepare({ identityPath })).toEqual(made[0]);
    // Another place for keys, as on a second host: the same fleet, but a secret of its own.
    const second = join(folder, 'second', 'fleet_identity');
    expect((await prepare({ identityPath: second }))?.id).toBe(made[0]?.id);
    // Another fleet's database is refused. It stays as it is, and so does the file.
    const elsewhere = await prepare({ identityPath: join(folder, 'other', 'fleet_identity') }, other);
    await expect(prepare({ identityPath }, other)).rejects.toThrow(
      `the database belongs to the fleet ${elsewhere?.id}, but ${identityPath} says ${made[0]?.id}`,
    );
    expect((await prepare({ identityPath: join(folder, 'other', 'fleet_identity') }, other))?.id).toBe(
      elsewhere?.id,
    );
    // Without a place to keep it, or with a damaged one, no daemon goes on.
    await expect(prepare({ identityPath: '/proc/fleet_identity' }, late)).rejects.toThrow(
      /can't be stored.*orion init/,
    );
    await expect(prepare({ identityPath: folder }, late)).rejects.toThrow(
      /is a folder; mount the file that `orion init` makes/,
    );
    await writeFile(identityPath, 'f_');
    await expect(prepare({ identityPath }, late)).rejects.toThrow(/does not hold the identity/);
    // The half that acts on no node needs none.
    expect(await prepare({}, late)).toBe(null);
  } finally {
    await Promise.all(pools.map((each) => each.close()));
    await rm(folder, { recursive: true });
  }
});
