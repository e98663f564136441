import { afterEach, expect, test } from 'vitest';
import type { Qos } from '../client/protocol/operations.ts';
import { type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const none = { count: 0, medianSeconds: null, p95Seconds: null, maxSeconds: null };
const figures: Qos['total'] = {
  availability: 0.999_999,
  servedSeconds: 7_260,
  withoutNodeSeconds: 75.25,
  outages: 2,
  moves: 3,
  plannedMoves: 1,
  times: {
    detection: { count: 2, medianSeconds: 5.04, p95Seconds: 6.1, maxSeconds: 6.1 },
    move: { count: 2, medianSeconds: 0.66, p95Seconds: 3_725, maxSeconds: 3_725 },
    outage: none,
    provisioning: none,
    queueWait: none,
  },
};
const rental = {
  id: 'r_1',
  name: 'mine',
  tenant: 'anna',
  phase: 'Active',
  createdAt: null,
  ...figures,
} as const;
const QOS: Qos = {
  window: { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z', seconds: 86_400 },
  scope: 'fleet',
  total: figures,
  rentals: [rental, { ...rental, id: 'r_gone', name: null, availability: null, withoutNodeSeconds: 0 }],
  rentalCount: 5,
  series: { bucketSeconds: 900, buckets: [] },
};

async function qos(args: string[], body: unknown = QOS, status = 200) {
  api = await startFakeApi(() => ({ body, status }));
  return runOrion(['qos', ...args], { ORION_URL: api.url, ORION_TOKEN: 't' });
}

test('the fleet, with its rentals; what is not whole is not 100 %', async () => {
  const ran = await qos([]);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(api?.requests[0]?.line).toBe('GET /api/qos?window=24h');
  expect(ran.out).toBe(`Of:                  the fleet, in the last 24h
Availability:        99.999 %
Without a machine:   1m15s of 2h1m
Outages:             2
Moves:               3 (1 planned)
Times:
  TIME                COUNT   MEDIAN   P95    MAX
  until judged dead   2       5s       6.1s   6.1s
  until moved         2       0.7s     1h2m   1h2m
  without a machine   0       -        -      -
  until provisioned   0       -        -      -
  in the queue        0       -        -      -
Rentals:
  RENTAL   PHASE    AVAILABLE   WITHOUT   OUTAGES   MOVES   TENANT
  mine     Active   99.999 %    1m15s     2         3       anna
  r_gone   Active   -           0s        2         3       anna
  and 3 more
`);
});

test('one rental, further back, for a program', async () => {
  const body = { ...QOS, scope: 'rental', rentals: [rental], rentalCount: 1 };
  const ran = await qos(['mine', '--since', '7d', '-o', 'json'], body);
  expect(api?.requests[0]?.line).toBe('GET /api/qos?window=7d&rental=mine');
  expect(JSON.parse(ran.out)).toEqual(body);
});

test.each(['59s', '91d', 'yesterday'])('%s is no time to look back', async (since) => {
  const ran = await qos(['--since', since]);
  expect(ran.code).toBe(2);
  expect(ran.err).toContain('Expected a duration from 1m to 90d');
  expect(api?.requests).toEqual([]);
});
