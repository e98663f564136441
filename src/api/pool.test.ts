import { beforeEach, describe, expect, test } from 'vitest';
import type { EventType, StoredEvent } from '../core/history/event.ts';
import { type ApiBench, createApiBench, sampleNode } from './api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
});

type Pool = Record<'pause' | 'override', object | null> & { conditions: { type: string; status: string }[] };
const call = async (line: string, body?: unknown, who: 'admin' | 'anna' = 'admin') => {
  const response = await bench.call(who, line, body);
  return {
    status: response.status,
    body: (await response.json()) as Pool & { code: string; detail: string },
  };
};
const told = () => bench.store.events.map(({ type, message }) => [type, message]);
/** As the leader writes it. */
const tell = (type: EventType) =>
  bench.store.events.push({
    seq: bench.store.events.length + 1,
    type,
    at: new Date(),
    rentalId: null,
    node: null,
    tenant: null,
    reason: 'MigrationHeld',
    message: '5 of 10',
    object: null,
  } satisfies StoredEvent);
const BY = expect.stringMatching(/^admin \(\w+\) of admin$/);
const confirmed = { reason: 'rack-a burnt', confirm: true };

describe('the pool', () => {
  test('is paused with a reason, shows its author, and goes on; again changes nothing', async () => {
    expect((await call('GET /api/pool')).body).toMatchObject({ pause: null, override: null });
    const paused = await call('POST /api/pool/pause', { reason: 'new switch' });
    expect(paused.status).toBe(202);
    expect(paused.body.pause).toMatchObject({ reason: 'new switch', by: BY });
    expect(paused.body.conditions.at(-1)).toMatchObject({ type: 'Paused', status: 'True', reason: 'Paused' });
    await call('POST /api/pool/pause', { reason: 'another' });
    expect((await call('GET /api/pool')).body.pause).toMatchObject({ reason: 'new switch' });
    const resumed = await call('POST /api/pool/resume');
    expect([resumed.status, resumed.body.pause]).toEqual([202, null]);
    await call('POST /api/pool/resume');
    expect(told()).toEqual([
      ['pool.paused', expect.stringMatching(/^by admin .*: new switch$/)],
      ['pool.resumed', expect.stringMatching(/^by admin /)],
    ]);
  });

  test('lets its breaker be overridden only while it is open, and only with an explicit confirmation', async () => {
    const closed = await call('POST /api/pool/override-breaker', confirmed);
    expect([closed.status, closed.body.code]).toEqual([409, 'pool_conflict']);
    tell('pool.breaker_opened');
    for (const body of [{ reason: 'x' }, { confirm: true }, { ...confirmed, confirm: false }]) {
      expect((await call('POST /api/pool/override-breaker', body)).status).toBe(422);
    }
    expect((await call('GET /api/pool')).body.override).toBeNull();
    const done = await call('POST /api/pool/override-breaker', confirmed);
    expect(done.status).toBe(202);
    expect(done.body.override).toMatchObject({ reason: 'rack-a burnt', by: BY, used: false });
    expect(told().at(-1)?.[0]).toBe('pool.override_requested');
  });

  test.each([
    ['GET /api/pool', undefined],
    ['POST /api/pool/pause', { reason: 'x' }],
    ['POST /api/pool/resume', undefined],
    ['POST /api/pool/override-breaker', confirmed],
  ])('%s is for administrators alone', async (line, body) => {
    tell('pool.breaker_opened');
    expect((await call(line, body, 'anna')).status).toBe(403);
    expect(bench.store.events).toHaveLength(1);
  });

  test.each([undefined, {}, { reason: '' }, { reason: 'two\nlines' }, { reason: 'x'.repeat(201) }])(
    'is not paused for %j',
    async (body) => {
      expect((await call('POST /api/pool/pause', body)).status).toBeGreaterThanOrEqual(400);
      expect((await call('GET /api/pool')).body.pause).toBeNull();
    },
  );
});

test('why a node is kept free is shown with it to administrators', async () => {
  bench.store.addNode(sampleNode('w1'));
  await bench.call('admin', 'POST /api/nodes/w1/cordon');
  const drained = await bench.call('admin', 'POST /api/nodes/w1/drain', { reason: 'new disk' });
  const spec = ((await drained.json()) as { spec: object }).spec;
  expect(spec).toMatchObject({ draining: true, maintenance: { reason: 'new disk', by: BY } });
  expect(told().at(-1)).toEqual(['node.draining', expect.stringMatching(/^by admin .*: new disk$/)]);
  const seen = await (await bench.call('anna', 'GET /api/nodes/w1')).text();
  expect(seen).not.toMatch(/new disk|maintenance/);
});
