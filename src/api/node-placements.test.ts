import { expect, test } from 'vitest';
import type { CleaningReport } from '../core/model/rental.ts';
import { createApiBench, now, sampleNode, samplePlacement } from './api.fixture.ts';

const report: CleaningReport = {
  attempts: 3,
  outcome: 'clean',
  reason: 'Clean',
  message: 'verified clean',
  at: now.toISOString(),
  found: { at: now.toISOString(), items: ['setuid file /tmp/sh'], more: 2 },
};

test('who was on a node, and what cleaning it said, is told to administrators, page by page', async () => {
  const bench = await createApiBench();
  bench.store.addNode(sampleNode('w1'));
  const id = await bench.make('anna');
  const rental = bench.store.rentals.get(id);
  if (!rental) throw new Error('no rental');
  const ended = { endedAt: now, endReason: 'NodeDrained', cleanedAt: now, report };
  const placements = [
    samplePlacement(rental, 'w1', { epoch: 7, ...ended }),
    samplePlacement(rental, 'w2', { epoch: 9, endedAt: now }),
    samplePlacement(rental, 'w1', { epoch: 12 }),
  ];
  bench.store.setStatus(id, 'rental.active', { phase: 'Active' }, placements);
  const read = async (query = '') =>
    (await (await bench.call('admin', `GET /api/nodes/w1/placements${query}`)).json()) as {
      items: object[];
      nextCursor: string | null;
    };
  const all = await read();
  expect(all).toMatchObject({ items: [{ epoch: 12, rental: id, cleaning: null }, {}], nextCursor: null });
  expect(all.items[1]).toMatchObject({ epoch: 7, cleanedAt: now.toISOString(), cleaning: report });
  const { name } = rental;
  bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: now });
  expect((await read()).items).toMatchObject([{ rentalName: name }, { rentalName: name }]);
  const first = await read('?limit=1');
  expect(first).toMatchObject({ items: [{ epoch: 12 }], nextCursor: '12' });
  expect(await read('?limit=1&cursor=12')).toMatchObject({ items: [{ epoch: 7 }], nextCursor: null });

  expect((await bench.call('anna', 'GET /api/nodes/w1/placements')).status).toBe(403);
  expect((await bench.call('admin', 'GET /api/nodes/w9/placements')).status).toBe(404);
  expect((await bench.call('admin', 'GET /api/nodes/w1/placements?cursor=x')).status).toBe(422);
  // A tenant sees the same report with the rental.
  const own = await (await bench.call('anna', `GET /api/rentals/${id}`)).json();
  expect(own).toMatchObject({ status: { placements: [{ cleaning: report }, {}, {}] } });
});
