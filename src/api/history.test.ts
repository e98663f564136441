import { expect, test } from 'vitest';
import { createApiBench, now } from './api.fixture.ts';

test('the history names the rental of each entry, also one that has ended, and no other', async () => {
  const bench = await createApiBench();
  const id = await bench.make('anna', { name: 'mine' });
  bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: now });
  await bench.call('admin', 'POST /api/pool/pause', { reason: 'new switch' });
  const { items } = (await (await bench.call('admin', 'GET /api/events?order=desc')).json()) as {
    items: { rental: string | null; rentalName: string | null }[];
  };
  const named = items.map(({ rental, rentalName }) => [rental === id, rentalName]);
  expect(named).toContainEqual([true, 'mine']);
  for (const each of named) expect(each).toEqual(each[0] ? [true, 'mine'] : [false, null]);
  expect(named).toContainEqual([false, null]);
});
