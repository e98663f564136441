import { expect, test } from 'vitest';
import { createApiBench, sampleNode, samplePlacement } from '../api.fixture.ts';

test('whoever asks for rentals has the nodes read on which those are, and no other', async () => {
  const bench = await createApiBench();
  for (let n = 1; n <= 50; n++) bench.store.addNode(sampleNode(`worker_${n}`));
  const placed = await bench.make('anna');
  const rental = bench.store.rentals.get(placed);
  if (!rental) throw new Error('not stored');
  bench.store.setStatus(placed, 'rental.active', { phase: 'Active' }, [samplePlacement(rental, 'worker_7')]);
  await bench.make('ben');
  const asked: (readonly string[])[] = [];
  const { loadNodes } = bench.store;
  bench.store.loadNodes = (names) => {
    asked.push(names);
    return loadNodes(names);
  };
  bench.store.listNodes = async () => {
    throw new Error('reads the whole fleet');
  };

  const shown = await bench.call('anna', `GET /api/rentals/${placed}`);
  expect(await shown.json()).toMatchObject({ status: { node: 'worker_7', connection: { port: 22_221 } } });
  for (const [line, body] of [
    ['GET /api/rentals'],
    ['POST /api/rent?queue=true&wait=0s', {}],
    [`PATCH /api/rentals/${placed}`, { ttl: '2h' }],
    [`DELETE /api/rentals/${placed}`],
  ] as const) {
    const response = await bench.call('anna', line, body);
    expect(response.status, line).toBeLessThan(300);
  }
  expect(asked.length).toBeGreaterThan(0);
  for (const names of asked) expect(names).toEqual(['worker_7']);
});
