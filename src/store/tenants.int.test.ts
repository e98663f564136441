import { expect, onTestFinished, test } from 'vitest';
import type { NewEvent } from '../core/history/event.ts';
import type { Leadership } from '../core/ports/leadership.ts';
import type { Store } from '../core/ports/stores.ts';
import { createPool, type Pool } from './connection/pool.ts';
import { lease } from './contract/contract.fixture.ts';
import { event, newRental } from './contract/samples.fixture.ts';
import { testTenants } from './contract/tenants.contract.fixture.ts';
import { migrate } from './migration/migrate.ts';
import { useStore } from './store.fixture.ts';
import { createStore } from './store.ts';

const bench = useStore();

testTenants(bench);

const changed: NewEvent = { ...event(), type: 'tenant.limits_changed' };

test('of many requests at once, on several replicas, as many get a rental as the quota has room for', async () => {
  const url = await bench.server.createDatabase();
  const pools = [createPool({ url }), createPool({ url })];
  onTestFinished(async () => void (await Promise.all(pools.map((pool) => pool.close()))));
  const [one, other] = pools.map(createStore) as [Store, Store];
  await migrate(pools[0] as Pool);
  await one.setLimits('t', { maxRentals: 3 }, changed);
  const asked = Array.from({ length: 50 }, (_, n) =>
    (n % 2 === 0 ? one : other).createRental(newRental(`r_${n}`), event()),
  );
  const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'created')).toHaveLength(3);
  expect(kinds.filter((kind) => kind === 'overQuota')).toHaveLength(47);
  expect(await one.loadTenant('t')).toMatchObject({ rentals: 3, limits: { maxRentals: 3 } });
  // The refused requests left no trace: there is one event for each rental, and one for the limit.
  await one.numberEvents((await one.acquire(lease)) as Leadership);
  const any = { rentalId: null, node: null, type: null, afterSeq: 0, limit: 99 };
  expect(await one.listEvents(null, any)).toHaveLength(4);
});

test('an empty bucket fills by itself', async () => {
  await bench.store.setLimits('t', { requestsPerMinute: 6 }, changed);
  for (let n = 0; n < 6; n++) await bench.store.takeRequest('t');
  expect(await bench.store.takeRequest('t')).toMatchObject({ isAllowed: false });
  // As if half a minute had passed.
  await bench.pool.withConnection(({ execute }) =>
    execute('UPDATE tenants SET bucket_at = bucket_at - INTERVAL 30 SECOND'),
  );
  expect(await bench.store.takeRequest('t')).toMatchObject({ isAllowed: true, remaining: 2 });
});
