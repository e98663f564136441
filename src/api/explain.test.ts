import { expect, test } from 'vitest';
import type { Explanation } from '../core/rental/explanation.ts';
import { createApiBench, now, sampleNode, samplePlacement } from './api.fixture.ts';

test('a rental is explained to its tenant and to administrators, and is not there for others', async () => {
  const bench = await createApiBench();
  bench.store.addNode(sampleNode('w1'));
  bench.store.addNode(sampleNode('w2'));
  const id = await bench.make('anna', { name: 'box' });
  const rental = bench.store.rentals.get(id);
  if (!rental) throw new Error('no rental');
  const placement = samplePlacement(rental, 'w1');
  bench.store.setStatus(id, 'rental.active', { phase: 'Active' }, [placement]);
  bench.store.decisions.set(placement.epoch, {
    usable: 2,
    rank: { failedHere: 0, pickier: 0, failedLatelyMs: 0, inZone: 1, restedSinceMs: now.getTime() },
    passedOver: { nodes: [{ node: 'w2', reason: 'RankedLower' }], others: [] },
    breaker: { open: false, message: '' },
  });
  for (const [who, name] of [
    ['anna', 'box'],
    ['anna', id],
    ['admin', id],
  ] as const) {
    const response = await bench.call(who, `GET /api/rentals/${name}/explain`);
    expect(response.status).toBe(200);
    const told = (await response.json()) as Explanation;
    expect(told).toMatchObject({
      rental: id,
      name: 'box',
      phase: 'Active',
      node: 'w1',
      wanted: null,
      placement: {
        epoch: 41,
        decision: {
          usable: 2,
          rank: { failedLatelyAt: null, restedSince: now.toISOString() },
          passedOver: { nodes: [{ node: 'w2', reason: 'RankedLower' }] },
        },
      },
    });
  }
  expect((await bench.call('ben', `GET /api/rentals/${id}/explain`)).status).toBe(404);
  expect((await bench.call('anna', 'GET /api/rentals/none/explain')).status).toBe(404);
  expect((await bench.call('anna', 'GET /api/rentals/box/explain?why=1')).status).toBe(422);
});

test('one that waits is told the name of each node and why, and nothing else of it', async () => {
  const bench = await createApiBench();
  bench.store.addNode(sampleNode('w1'));
  const other = await bench.make('ben');
  const rental = bench.store.rentals.get(other);
  if (!rental) throw new Error('no rental');
  bench.store.setStatus(other, 'rental.active', { phase: 'Active' }, [samplePlacement(rental, 'w1')]);
  bench.store.setNodeState('w1', 'node.allocated', { state: 'allocated' });
  const id = await bench.make('anna');
  const text = await (await bench.call('anna', `GET /api/rentals/${id}/explain`)).text();
  expect(JSON.parse(text)).toMatchObject({
    wanted: { usable: 0, passedOver: { nodes: [{ node: 'w1', reason: 'Occupied' }], others: [] } },
    placement: null,
  });
  expect(text).not.toContain(other);
  expect(text).not.toContain('10.0.0.9');
});
