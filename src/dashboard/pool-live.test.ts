import { expect, test } from 'vitest';
import { poolOf } from './dashboard.fixture.ts';
import { pool, putPool, writePool } from './pool-live.ts';

test('the answer to a write that comes late does not replace a newer state', async () => {
  const [written, newer] = [poolOf({ isOpen: true }), poolOf()];
  await writePool(async () => written);
  expect(pool.get()).toBe(written);
  await writePool(async () => {
    putPool(newer);
    return written;
  });
  expect(pool.get()).toBe(newer);
});
