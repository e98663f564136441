import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench, KEY } from './api.fixture.ts';

// What was found missing in the API. `test.fails` marks what is still open, and turns red when it is mended: the
// test then loses its `.fails`.

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
});

const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

async function firstBytes(response: Response, waitMs = 400): Promise<string> {
  const reader = response.body?.getReader();
  let text = '';
  const deadline = new Promise<null>((resolve) => setTimeout(() => resolve(null), waitMs));
  for (;;) {
    const chunk = await Promise.race([reader?.read(), deadline]);
    if (!chunk || chunk.done) break;
    text += new TextDecoder().decode(chunk.value);
  }
  await reader?.cancel();
  return text;
}

describe('POST /api/rent', () => {
  test('is 202 with the key when the database went away: it is told only here', async () => {
    const answer = bench.call('anna', 'POST /api/rent?wait=300ms');
    while (bench.store.rentals.size === 0) await settle();
    bench.store.failure = Object.assign(new Error('away'), { name: 'StoreError' });
    const response = await answer;
    expect(response.status).toBe(202);
    expect(await response.json()).toHaveProperty('privateKey');
  });

  test.fails('a rental that was discarded by a concurrent repetition is 503, not 202 for what is gone', async () => {
    const answer = bench.call('anna', 'POST /api/rent?wait=400ms');
    while (bench.store.rentals.size === 0) await settle();
    bench.store.rentals.clear();
    expect((await answer).status).toBe(503);
  });

  test.fails('?queue=true with whenFull reject is a contradiction', async () => {
    const response = await bench.call('anna', 'POST /api/rent?wait=0s&queue=true', { whenFull: 'reject' });
    expect(response.status).toBe(422);
  });

  test('an empty body is no body, whatever its declared type', async () => {
    const response = await bench.call('anna', 'POST /api/rent?wait=0s', '', {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '0',
    });
    expect(response.status).toBe(202);
  });

  test('an empty body of type JSON is no body', async () => {
    const response = await bench.call('anna', 'POST /api/rent?wait=0s', '', { 'content-length': '0' });
    expect(response.status).toBe(202);
  });

  test.fails('one that was released while it was waited for is no 202', async () => {
    const answer = bench.call('anna', 'POST /api/rent?wait=1s');
    while (bench.store.rentals.size === 0) await settle();
    const [id = ''] = bench.store.rentals.keys();
    bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });
    expect((await answer).status).toBe(409);
  });
});

describe('rentals', () => {
  test.fails('an unknown field of the query is refused', async () => {
    expect((await bench.call('anna', 'GET /api/rentals?limti=5')).status).toBe(422);
  });

  test.fails('PUT: the order of labels means nothing', async () => {
    const put = (labels: object) =>
      bench.call('anna', 'PUT /api/rentals/build-box', { sshPublicKey: KEY, labels });
    await put({ a: '1', b: '2' });
    expect(await (await put({ b: '2', a: '1' })).json()).toMatchObject({ generation: 1 });
  });

  test.fails('PUT: a ttl that is left out stays', async () => {
    await bench.call('anna', 'PUT /api/rentals/build-box', { sshPublicKey: KEY, ttl: '1h' });
    const again = await bench.call('anna', 'PUT /api/rentals/build-box', { sshPublicKey: KEY });
    expect(await again.json()).toMatchObject({ generation: 1, spec: { ttl: '1h' } });
  });

  test.fails('PUT: two at once that make the same rental both succeed', async () => {
    const put = () => bench.call('anna', 'PUT /api/rentals/build-box', { sshPublicKey: KEY });
    const answers = await Promise.all([put(), put()]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  });

  test('PATCH: what is left out of onNodeLoss stays', async () => {
    const id = await bench.make('anna', { onNodeLoss: { action: 'wait', after: '10s' } });
    const response = await bench.call('anna', `PATCH /api/rentals/${id}`, { onNodeLoss: { after: '20s' } });
    expect(await response.json()).toMatchObject({ spec: { onNodeLoss: { action: 'wait', after: '20s' } } });
  });

  test.fails('a wrong method on a right address is 405', async () => {
    expect((await bench.call('anna', 'PUT /api/rent', {})).status).toBe(405);
  });
});

describe('watches', () => {
  const sse = { accept: 'text/event-stream' };

  test.fails('the list starts with every rental, also above 500', async () => {
    for (let count = 0; count < 501; count++) await bench.make('anna', { name: `n-${count}` });
    const text = await firstBytes(await bench.call('anna', 'GET /api/rentals', undefined, sse), 2_000);
    bench.watch.close();
    expect(text.match(/^event: rental$/gm)).toHaveLength(501);
  });

  test.fails('a Last-Event-ID beyond the history starts anew', async () => {
    const id = await bench.make('anna');
    const headers = { ...sse, 'last-event-id': '999999' };
    const text = await firstBytes(await bench.call('anna', `GET /api/rentals/${id}`, undefined, headers));
    bench.watch.close();
    expect(text).toContain('event: rental');
  });

  test.fails('a revoked token sees nothing more', async () => {
    const id = await bench.make('anna');
    const response = await bench.call('anna', `GET /api/rentals/${id}`, undefined, sse);
    const anna = (await bench.store.listTokens()).find(({ tenant }) => tenant === 'anna');
    await bench.store.revokeToken(anna?.id ?? '', new Date());
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    bench.store.setStatus(id, 'rental.active', { phase: 'Active' });
    const text = await firstBytes(response);
    bench.watch.close();
    expect(text).not.toContain('"phase":"Active"');
  });

  test.fails('one rental’s watch ends after the rental has', async () => {
    const id = await bench.make('anna');
    const response = await bench.call('anna', `GET /api/rentals/${id}`, undefined, sse);
    bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });
    const ended = await Promise.race([response.text().then(() => true), settle().then(settle).then(settle)]);
    bench.watch.close();
    expect(ended).toBe(true);
  });
});

describe('description', () => {
  test.fails('the calls for machines are in it, too', async () => {
    const { paths } = (await (await bench.app.request('/openapi.json')).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/healthz', '/readyz']));
  });
});
