import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Leadership } from '../core/ports/leadership.ts';
import type { Store } from '../core/ports/stores.ts';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { createPool, type Pool } from './connection/pool.ts';
import { lease } from './contract/contract.fixture.ts';
import { migrate } from './migration/migrate.ts';
import { createStore } from './store.ts';

/** Each test of a file has its own database on one real server, with a leader. Fields are set before each test. */
export interface StoreBench {
  server: ScratchServer;
  pool: Pool;
  store: Store;
  leader: Leadership;
}

export function useStore(): StoreBench {
  const bench = {} as StoreBench;
  beforeAll(async () => {
    bench.server = await startScratchServer();
  });
  afterAll(() => bench.server?.stop());
  beforeEach(async () => {
    bench.pool = createPool({ url: await bench.server.createDatabase() });
    await migrate(bench.pool);
    bench.store = createStore(bench.pool);
    bench.leader = (await bench.store.acquire(lease)) as Leadership;
  });
  afterEach(() => bench.pool.close());
  return bench;
}

/** A store of the same database, where each COMMIT goes through `around`. */
export function aroundCommit(
  pool: Pool,
  around: <Result>(commit: () => Promise<Result>) => Promise<Result>,
): Store {
  return createStore({
    ...pool,
    withConnection: (work, options) =>
      pool.withConnection((connection) => {
        const execute: typeof connection.execute = (text, values) => {
          const run = () => connection.execute(text, values);
          return text === 'COMMIT' ? around(run) : run();
        };
        return work({ ...connection, execute });
      }, options),
  });
}
