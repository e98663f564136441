import { afterEach, expect, test } from 'vitest';
import type { Explanation } from '../core/rental/explanation.ts';
import { type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const LOST: Explanation = {
  rental: 'r_abc',
  name: 'quick-fox',
  phase: 'Lost',
  node: 'worker_1',
  reason: 'MigrationHeld',
  message: 'no rental is moved: 3 of 5 nodes (60 %) are unhealthy; the limit is 40 %',
  since: '2026-01-01T11:57:00.000Z',
  queuePosition: null,
  queueEstimateAt: null,
  wanted: {
    usable: 1,
    passedOver: {
      nodes: [
        { node: 'worker_1', reason: 'NotAlive' },
        { node: 'worker_4', reason: 'MigrationHeld' },
      ],
      others: [{ reason: 'NotMatching', count: 930 }],
    },
  },
  placement: {
    epoch: 41,
    node: 'worker_1',
    startedAt: '2026-01-01T10:00:00.000Z',
    readyAt: '2026-01-01T10:00:02.000Z',
    endedAt: null,
    endReason: null,
    cleanedAt: null,
    cleaning: null,
    decision: {
      usable: 3,
      rank: {
        failedHere: 0,
        pickier: 0,
        failedLatelyAt: '2026-01-01T09:40:00.000Z',
        inZone: 2,
        restedSince: '2026-01-01T08:00:00.000Z',
      },
      passedOver: { nodes: [{ node: 'worker_2', reason: 'RankedLower' }], others: [] },
      breaker: { open: false, message: '' },
    },
  },
  meanings: {
    MigrationHeld: 'So many nodes are unhealthy at once that no rental is moved.',
    NotAlive: 'The node is not judged alive.',
    RankedLower: 'The node could have been taken, but another one was preferred.',
  },
};

async function explain(body: Explanation, ...more: string[]) {
  api = await startFakeApi(() => ({ body }));
  return runOrion(['explain', 'quick-fox', ...more], { ORION_URL: api.url, ORION_TOKEN: 't' });
}

test('explain tells why it waits, and why it is where it is', async () => {
  const ran = await explain(LOST);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toBe(`Rental:   quick-fox (r_abc)
Phase:    Lost, for 3m
Node:     worker_1
Reason:   MigrationHeld: no rental is moved: 3 of 5 nodes (60 %) are unhealthy; the limit is 40 %
Means:    So many nodes are unhealthy at once that no rental is moved.

It wants a node. Now 1 node could be taken.
Passed over:
  NODE       REASON          MEANS
  worker_1   NotAlive        The node is not judged alive.
  worker_4   MigrationHeld   So many nodes are unhealthy at once that no rental is moved.
  and more: 930 NotMatching

The last placement: worker_1, at 2026-01-01T10:00:00.000Z (epoch 41), ready at 2026-01-01T10:00:02.000Z.
Chosen:                the best of 3 nodes
Failed this rental:    never
Pickier waited:        0
Failed lately:         20m before
Rentals in its zone:   2
Had rested for:        120m
Breaker:               closed
Passed over then:
  NODE       REASON        MEANS
  worker_2   RankedLower   The node could have been taken, but another one was preferred.
`);
  expect(api?.requests[0]?.line).toBe('GET /api/rentals/quick-fox/explain');
});

test('explain is short where there is nothing to tell, and whole as data', async () => {
  const { placement: _last, wanted: _none, ...rest } = LOST;
  const place = { queuePosition: 3, queueEstimateAt: '2026-01-01T12:13:30.000Z' };
  const short = await explain({ ...rest, ...place, wanted: null, placement: null });
  expect(short.out).toMatch(/\nIn queue: +3, about 13 min\n$/);
  await api?.close();
  expect(JSON.parse((await explain(LOST, '-o', 'json')).out)).toEqual(LOST);
});

test('while Orion is paused nobody is given a node, however many could be taken', async () => {
  const nodes = ['worker_1', 'worker_2'].map((node) => ({ node, reason: 'Paused' as const }));
  const wanted = { usable: 2, passedOver: { nodes, others: [] } };
  const { out } = await explain({ ...LOST, reason: 'Paused', wanted, placement: null });
  expect(out).toContain(
    'It wants a node. None is assigned while Orion is paused; otherwise 2 nodes could be taken.\n',
  );
});
