import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSse, type SseMessage } from '../../client/protocol/sse.ts';
import { type ApiBench, createApiBench, sampleNode } from '../api.fixture.ts';

const SSE = { accept: 'text/event-stream' };
const CHECK_FAILED = 'the token of a watch could not be checked';

let bench: ApiBench;
let readers: AsyncGenerator<SseMessage>[] = [];
beforeEach(async () => {
  bench = await createApiBench();
  bench.store.addNode(sampleNode('worker_1'));
});
afterEach(async () => {
  bench.watch.close();
  await Promise.all(readers.map((reader) => reader.return(undefined)));
  readers = [];
});

async function watch(who: 'anna' | 'ben' | 'admin', path: string, lastId?: string) {
  const headers = { ...SSE, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
  const response = await bench.call(who, `GET ${path}`, undefined, headers);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  if (!response.body) throw new Error('no body');
  const reader = readSse(response.body as unknown as AsyncIterable<Uint8Array>);
  readers.push(reader);
  return async (count: number) => {
    const messages: { event: string; id: string | null; data: Record<string, unknown> }[] = [];
    while (messages.length < count) {
      const { value, done } = await reader.next();
      if (done) break;
      if (value.kind === 'event') messages.push({ ...value, data: JSON.parse(value.data) });
    }
    return messages;
  };
}

describe('watches', () => {
  test('one rental: the object as it is, then every step, even when two follow at once', async () => {
    const id = await bench.make('anna');
    const take = await watch('anna', `/api/rentals/${id}`);
    expect((await take(1))[0]).toMatchObject({ event: 'rental', id: '1', data: { id } });
    bench.store.setStatus(id, 'rental.placed', { phase: 'Provisioning' });
    bench.store.setStatus(id, 'rental.active', { phase: 'Active' });
    const phases = (await take(2)).map(({ data }) => (data.status as { phase: string }).phase);
    expect(phases).toEqual(['Provisioning', 'Active']);
  });

  test('Last-Event-ID resumes without a gap and without the start', async () => {
    const id = await bench.make('anna');
    for (const phase of ['Provisioning', 'Active', 'Lost'] as const) {
      bench.store.setStatus(id, 'rental.status', { phase });
    }
    const take = await watch('anna', `/api/rentals/${id}`, '2');
    expect((await take(2)).map((message) => message.id)).toEqual(['3', '4']);
    bench.store.setStatus(id, 'rental.active', { phase: 'Active' });
    expect((await take(1))[0]?.id).toBe('5');
  });

  test('a list holds only one’s own, before and after', async () => {
    const annas = await bench.make('anna');
    await bench.make('ben');
    const take = await watch('anna', '/api/rentals');
    expect((await take(1))[0]?.data.id).toBe(annas);
    const bens = await bench.make('ben');
    bench.store.setStatus(bens, 'rental.active', { phase: 'Active' });
    bench.store.setStatus(annas, 'rental.active', { phase: 'Active' });
    expect((await take(1))[0]?.data).toMatchObject({ id: annas, status: { phase: 'Active' } });
  });

  test('nodes: administrators see all of them, tenants the reduced view, in the stream likewise', async () => {
    const takeAdmin = await watch('admin', '/api/nodes');
    const takeTenant = await watch('ben', '/api/nodes/worker_1');
    await takeAdmin(1);
    expect((await takeTenant(1))[0]?.data.status).toEqual({ free: true });
    bench.store.setNodeState('worker_1', 'node.dead', { status: 'dead', state: 'dead' });
    expect((await takeAdmin(1))[0]?.data).toMatchObject({ status: { state: 'dead' } });
    expect((await takeTenant(1))[0]?.data).toEqual({
      name: 'worker_1',
      spec: { zone: 'rack-a', labels: { size: 'small' } },
      status: { free: false },
    });
  });

  test('events: from now on, filtered, one’s own', async () => {
    const id = await bench.make('anna');
    const take = await watch('anna', '/api/events?type=rental.active');
    bench.store.setNodeState('worker_1', 'node.alive', {});
    bench.store.setStatus(id, 'rental.placed', { phase: 'Provisioning' });
    bench.store.setStatus(id, 'rental.active', { phase: 'Active' });
    const [message] = await take(1);
    expect(message).toMatchObject({ event: 'event', data: { type: 'rental.active', rental: id } });
    expect(message?.data).not.toHaveProperty('object');
  });

  test('end when the hub is closed', async () => {
    const id = await bench.make('anna');
    const take = await watch('anna', `/api/rentals/${id}`);
    await take(1);
    bench.watch.close();
    expect(await take(1)).toEqual([]);
  });

  test('a list starts with every rental, also with more than one page of them', async () => {
    await bench.call('admin', 'PATCH /api/tenants/anna', { maxRentals: null });
    for (let count = 0; count < 501; count++) await bench.make('anna', { name: `n-${count}` });
    const take = await watch('anna', '/api/rentals');
    const names = (await take(501)).map(({ data }) => data.name);
    expect(new Set(names).size).toBe(501);
  });
});

describe('Last-Event-ID', () => {
  test('beyond the history, as after a restored backup, starts anew', async () => {
    const id = await bench.make('anna');
    const take = await watch('anna', `/api/rentals/${id}`, '999999');
    expect((await take(1))[0]).toMatchObject({ id: '1', data: { id } });
  });

  test('from before the history that is kept starts anew for objects, and for events with the oldest', async () => {
    const id = await bench.make('anna');
    for (const phase of ['Provisioning', 'Active', 'Lost'] as const) {
      bench.store.setStatus(id, 'rental.status', { phase });
    }
    bench.store.events.splice(0, 2);
    const takeRentals = await watch('anna', '/api/rentals', '1');
    expect((await takeRentals(1))[0]).toMatchObject({ id: '4', data: { status: { phase: 'Lost' } } });
    const takeEvents = await watch('anna', '/api/events', '1');
    expect((await takeEvents(2)).map((message) => message.id)).toEqual(['3', '4']);
  });

  test.each(['x', '-1', '1e3', ' '])('%j is none', async (lastId) => {
    const id = await bench.make('anna');
    const take = await watch('anna', `/api/rentals/${id}`, lastId);
    expect((await take(1))[0]?.data).toMatchObject({ id });
  });
});

describe('a watch of one rental', () => {
  const end = (id: string) =>
    bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });

  test('ends after the rental has', async () => {
    const id = await bench.make('anna');
    const take = await watch('anna', `/api/rentals/${id}`);
    await take(1);
    end(id);
    expect((await take(2)).map(({ data }) => data.status)).toMatchObject([{ phase: 'Released' }]);
  });

  test('that has ended already shows it and ends; to whoever saw that it says that nothing is left', async () => {
    const id = await bench.make('anna');
    end(id);
    const from = (lastId?: string) =>
      bench.call('anna', `GET /api/rentals/${id}`, undefined, {
        ...SSE,
        ...(lastId && { 'last-event-id': lastId }),
      });
    const shown = await (await from()).text();
    expect(shown.match(/^data: /gm)).toHaveLength(1);
    // A client trusts the last id only after this. Without it, each new connection would begin with the same rental.
    expect(shown).toContain(': synced');
    expect((await from(/^id: (.*)$/m.exec(shown)?.[1])).status).toBe(204);
    const missed = await from('1');
    expect(missed.status).toBe(200);
    expect(await missed.text()).toContain('"phase":"Released"');
  });
});

describe('a token and its watches', () => {
  test('end together: a revoked one sees nothing more, and others go on', async () => {
    const id = await bench.make('anna');
    const response = await bench.call('anna', `GET /api/rentals/${id}`, undefined, SSE);
    const take = await watch('admin', `/api/rentals/${id}`);
    await take(1);
    const anna = (await bench.store.listTokens()).find(({ tenant }) => tenant === 'anna');
    await bench.store.revokeToken(anna?.id ?? '', new Date());
    const text = await response.text();
    expect(text).toContain('"phase":"Pending"');
    bench.store.setStatus(id, 'rental.active', { phase: 'Active' });
    expect((await take(1))[0]?.data.status).toMatchObject({ phase: 'Active' });
  });

  test('a database that is away ends no watch', async () => {
    const strict = await createApiBench({ tokenCheckMs: 5 });
    const id = await strict.make('anna');
    const response = await strict.call('anna', `GET /api/rentals/${id}`, undefined, SSE);
    strict.store.failure = new Error('away');
    await expect.poll(() => strict.logged.map(({ message }) => message)).toContain(CHECK_FAILED);
    strict.store.failure = null;
    strict.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });
    expect(await response.text()).toContain('"phase":"Released"');
    strict.watch.close();
  });

  test('one may hold so many at once; the next is 429 until one of them is closed', async () => {
    const narrow = await createApiBench();
    await narrow.call('admin', 'PATCH /api/tenants/anna', { maxWatches: 2 });
    const open = (who: 'anna' | 'ben') => narrow.call(who, 'GET /api/rentals', undefined, SSE);
    const first = await open('anna');
    await open('anna');
    const refused = await open('anna');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: 'too_many_watches' });
    expect((await open('ben')).status).toBe(200);
    await first.body?.cancel();
    await expect.poll(async () => (await open('anna')).status).toBe(200);
    narrow.watch.close();
  });

  test('HEAD opens none: nobody would ever read it', async () => {
    const narrow = await createApiBench();
    await narrow.call('admin', 'PATCH /api/tenants/anna', { maxWatches: 1 });
    for (let times = 0; times < 3; times++) {
      const response = await narrow.call('anna', 'HEAD /api/rentals', undefined, SSE);
      expect(response.headers.get('content-type')).toContain('application/json');
    }
  });
});

describe('a watcher that does not read', () => {
  test('is cut off when the buffer is full, while nothing is read for it alone, and leaves its place', async () => {
    const small = await createApiBench({ maxBufferedBytes: 4_096, stallMs: 50 });
    await small.call('admin', 'PATCH /api/tenants/anna', { maxWatches: 1 });
    const id = await small.make('anna');
    const open = () => small.call('anna', `GET /api/rentals/${id}`, undefined, SSE);
    const response = await open();
    for (let count = 0; count < 1_000; count++) {
      small.store.setStatus(id, 'rental.status', { phase: 'Active', queuePosition: count });
    }
    let loaded = 0;
    const { listEvents } = small.store;
    small.store.listEvents = async (tenant, filter) => {
      const events = await listEvents(tenant, filter);
      if (filter.rentalId !== null) loaded += events.length;
      return events;
    };
    const reader = response.body?.getReader();
    await expect(reader?.closed).rejects.toThrow('does not read');
    expect(loaded).toBeLessThanOrEqual(100);
    expect((await open()).status).toBe(200);
    small.watch.close();
  });

  test('one that reads slowly gets everything', async () => {
    const small = await createApiBench({ maxBufferedBytes: 1_024 });
    const id = await small.make('anna');
    const response = await small.call('anna', `GET /api/rentals/${id}`, undefined, SSE);
    for (let count = 0; count < 300; count++) {
      small.store.setStatus(id, 'rental.status', { phase: 'Active', queuePosition: count });
    }
    small.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });
    expect((await response.text()).match(/^event: rental$/gm)).toHaveLength(302);
    small.watch.close();
  });
});
