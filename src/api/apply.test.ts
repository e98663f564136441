import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench, KEY, now, samplePlacement } from './api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
});

test('a name is taken until its rental has ended', async () => {
  const id = await bench.make('anna', { name: 'build-box' });
  const taken = await bench.call('anna', 'POST /api/rentals', { name: 'build-box', sshPublicKey: KEY });
  expect(taken.status).toBe(409);
  expect(await taken.json()).toMatchObject({ code: 'name_taken' });
  bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });
  const free = await bench.call('anna', 'POST /api/rentals', { name: 'build-box', sshPublicKey: KEY });
  expect(free.status).toBe(202);
  expect((await bench.call('anna', `GET /api/rentals/${id}`)).status).toBe(200);
});

test('PUT makes, then changes nothing, then changes', async () => {
  const put = async (body: object) => {
    const response = await bench.call('anna', 'PUT /api/rentals/build-box', { sshPublicKey: KEY, ...body });
    expect(response.status).toBe(202);
    return (await response.json()) as { id: string; generation: number };
  };
  const first = await put({ ttl: '1h' });
  expect(first.generation).toBe(1);
  expect(await put({ ttl: '1h' })).toEqual(first);
  expect(bench.store.events).toHaveLength(1);
  expect(await put({ ttl: '2h' })).toMatchObject({ id: first.id, generation: 2 });
  const other = { sshPublicKey: KEY, name: 'other' };
  expect((await bench.call('anna', 'PUT /api/rentals/build-box', other)).status).toBe(422);
});

test('what was read back can be applied again', async () => {
  const id = await bench.make('anna', { name: 'build-box', selector: { zone: 'rack-a' } });
  const read = (await (await bench.call('anna', `GET /api/rentals/${id}`)).json()) as { spec: object };
  const response = await bench.call('anna', 'PUT /api/rentals/build-box', { spec: read.spec });
  expect(await response.json()).toMatchObject({ id, generation: 1 });
});

test('DELETE can be repeated, and ends all changes', async () => {
  const id = await bench.make('anna');
  for (let times = 0; times < 3; times++) {
    expect((await bench.call('anna', `DELETE /api/rentals/${id}`)).status).toBe(202);
  }
  expect(bench.store.events.filter(({ type }) => type === 'rental.release_requested')).toHaveLength(1);
  const patch = await bench.call('anna', `PATCH /api/rentals/${id}`, { ttl: '1h' });
  expect(patch.status).toBe(409);
  expect(await patch.json()).toMatchObject({ code: 'rental_ended' });
});

test('pages follow each other without gap or repetition', async () => {
  const ids = [];
  for (let count = 0; count < 5; count++, bench.tick()) ids.push(await bench.make('anna'));
  const seen: string[] = [];
  let path = '/api/rentals?limit=2';
  for (;;) {
    const page = (await (await bench.call('anna', `GET ${path}`)).json()) as {
      items: { id: string }[];
      nextCursor: string | null;
    };
    seen.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) break;
    path = `/api/rentals?limit=2&cursor=${page.nextCursor}`;
  }
  expect(seen).toEqual(ids);
});

const put = (body: object, headers = {}) =>
  bench.call('anna', 'PUT /api/rentals/build-box', { sshPublicKey: KEY, ...body }, headers);

describe('PUT', () => {
  test('the order of labels means nothing', async () => {
    await put({ labels: { a: '1', b: '2' }, selector: { matchLabels: { c: '3', d: '4' } } });
    const again = await put({ labels: { b: '2', a: '1' }, selector: { matchLabels: { d: '4', c: '3' } } });
    expect(await again.json()).toMatchObject({ generation: 1 });
    const other = await put({ labels: { b: '1', a: '2' }, selector: { matchLabels: { d: '4', c: '3' } } });
    expect(await other.json()).toMatchObject({ generation: 2 });
  });

  test('a ttl that is left out stays, and renews nothing', async () => {
    await put({ ttl: '1h' });
    const again = await put({});
    expect(await again.json()).toMatchObject({ generation: 1, spec: { ttl: '1h' } });
  });

  test('two at once that make the same rental both succeed', async () => {
    const answers = await Promise.all([put({ ttl: '1h' }), put({ ttl: '1h' })]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(bench.store.rentals.size).toBe(1);
  });

  test('two at once that want different things both succeed, and one of them is what is kept', async () => {
    await put({});
    const answers = await Promise.all([put({ labels: { a: '1' } }), put({ labels: { a: '2' } })]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const [rental] = bench.store.rentals.values();
    expect(rental?.generation).toBe(3);
  });

  test('an Idempotency-Key knows the body by which it was used first', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    expect((await put({ ttl: '1h' }, headers)).status).toBe(202);
    const [id = ''] = bench.store.rentals.keys();
    bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: now });
    expect(await (await put({ ttl: '1h' }, headers)).json()).toMatchObject({ id });
    const other = await put({ ttl: '2h' }, headers);
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('another selector is refused once there is a machine', async () => {
    await put({ selector: { zone: 'rack-a' } });
    const [rental] = bench.store.rentals.values();
    if (!rental) throw new Error('no rental');
    bench.store.setStatus(rental.id, 'rental.active', { phase: 'Active' }, [
      samplePlacement(rental, 'worker_1'),
    ]);
    expect((await put({ selector: { zone: 'rack-a' } })).status).toBe(202);
    const other = await put({ selector: { zone: 'rack-b' } });
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ code: 'immutable_field' });
  });
});

test('PATCH: what is left out of onNodeLoss stays', async () => {
  const id = await bench.make('anna', { onNodeLoss: { action: 'wait', after: '10s' } });
  const response = await bench.call('anna', `PATCH /api/rentals/${id}`, { onNodeLoss: { after: '20s' } });
  expect(await response.json()).toMatchObject({ spec: { onNodeLoss: { action: 'wait', after: '20s' } } });
});
