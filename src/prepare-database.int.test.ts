import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Logger } from './core/ports.ts';
import { type ScratchServer, startScratchServer } from './lab/scratch-database.ts';
import { type PrepareOptions, prepareDatabase } from './prepare-database.ts';
import { createPool, type Pool } from './store/pool.ts';

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
const ask = (statement: string) => pool.withSession(({ execute }) => execute(statement));
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
