import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSse, type SseMessage } from '../cli/sse.ts';
import { type ApiBench, createApiBench, sampleNode } from './api.fixture.ts';

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
  const headers = {
    accept: 'text/event-stream',
    ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
  };
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
      messages.push({ ...value, data: JSON.parse(value.data) });
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
});
