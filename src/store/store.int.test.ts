import { expect, test } from 'vitest';
import { createPool } from './connection/pool.ts';
import { testTokens } from './contract/tokens.contract.fixture.ts';
import { useStore } from './store.fixture.ts';
import { createStore } from './store.ts';

const bench = useStore();

testTokens(bench);

test('is ready with the schema of this program and a database that answers', async () => {
  expect(await bench.store.checkReady()).toEqual({ ready: true });
  const empty = createPool({ url: await bench.server.createDatabase() });
  expect(await createStore(empty).checkReady()).toMatchObject({ ready: false });
  await empty.close();
  process.kill(bench.server.pid, 'SIGSTOP');
  try {
    expect(await bench.store.checkReady()).toMatchObject({ ready: false });
  } finally {
    process.kill(bench.server.pid, 'SIGCONT');
  }
});
