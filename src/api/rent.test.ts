import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench, KEY, now, sampleNode, samplePlacement } from './api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
  bench.store.addNode(sampleNode('worker_1'));
});

type Rented = {
  id: string;
  privateKey?: string;
  spec: { whenFull: string; sshPublicKey: string };
  status: { phase: string; connection: unknown };
};

/** Plays the reconciler: calls `act` as soon as there is a rental. */
async function whenStored(act: (id: string) => void): Promise<void> {
  while (bench.store.rentals.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const [id] = bench.store.rentals.keys();
  if (id) act(id);
}

function activate(id: string): void {
  const rental = bench.store.rentals.get(id);
  if (!rental) throw new Error('gone');
  bench.store.setStatus(id, 'rental.active', { phase: 'Active' }, [samplePlacement(rental, 'worker_1')]);
}

function reject(reason: 'Rejected' | 'Unsatisfiable'): (id: string) => void {
  const ready = {
    type: 'Ready',
    status: 'False',
    reason,
    message: '',
    lastTransitionTime: now.toISOString(),
  } as const;
  return (id) =>
    bench.store.setStatus(id, 'rental.failed', { phase: 'Failed', endedAt: now, conditions: [ready] });
}

describe('POST /api/rent', () => {
  test('that waits has a place; who has as many as one may is refused before anything is stored', async () => {
    await bench.call('admin', 'PATCH /api/tenants/anna', { maxWaits: 2 });
    const rent = (who: 'anna' | 'ben', wait: string) =>
      bench.call(who, `POST /api/rent?queue=true&wait=${wait}`);
    const waiting = [rent('anna', '10m'), rent('anna', '10m')];
    await expect.poll(() => bench.store.rentals.size).toBe(2);
    const refused = await rent('anna', '1s');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: 'too_many_waits' });
    expect(bench.store.rentals.size).toBe(2);
    // A request that does not wait needs no place, and another tenant's token takes none from here.
    expect((await rent('anna', '0s')).status).toBe(202);
    expect((await rent('ben', '5ms')).status).toBe(202);
    for (const id of bench.store.rentals.keys()) activate(id);
    for (const response of await Promise.all(waiting)) expect(response.status).toBe(201);
    expect((await rent('anna', '5ms')).status).toBe(202);
  });

  test('whose token is revoked waits no longer', async () => {
    const waiting = bench.call('anna', 'POST /api/rent?queue=true&wait=10m');
    await expect.poll(() => bench.store.rentals.size).toBe(1);
    const anna = (await bench.store.listTokens()).find(({ tenant }) => tenant === 'anna');
    await bench.store.revokeToken(anna?.id ?? '', new Date());
    expect((await waiting).status).toBe(202);
  });

  test('with no body makes a key pair and answers 201 with the connection', async () => {
    const [response] = await Promise.all([bench.call('anna', 'POST /api/rent'), whenStored(activate)]);
    expect(response.status).toBe(201);
    const rental = (await response.json()) as Rented;
    expect(response.headers.get('location')).toBe(`/api/rentals/${rental.id}`);
    expect(rental.privateKey).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    expect(rental.spec.whenFull).toBe('reject');
    const user = bench.store.rentals.get(rental.id)?.account;
    expect(rental.status.connection).toEqual({
      host: '127.0.0.1',
      port: 22221,
      user,
      hostKey: 'ssh-ed25519 AAAAHOST',
      command: `ssh -p 22221 ${user}@127.0.0.1`,
    });
    const later = await (await bench.call('anna', `GET /api/rentals/${rental.id}`)).text();
    for (const text of [later, JSON.stringify(bench.store.events), JSON.stringify(bench.logged)]) {
      expect(text).not.toContain('PRIVATE KEY');
    }
  });

  test('with a key of one’s own answers no private one', async () => {
    const body = { sshPublicKey: `${KEY} me@home`, name: 'build-box' };
    const [response] = await Promise.all([bench.call('anna', 'POST /api/rent', body), whenStored(activate)]);
    const rental = (await response.json()) as Rented;
    expect(rental).toMatchObject({ name: 'build-box', spec: { sshPublicKey: KEY } });
    expect(rental).not.toHaveProperty('privateKey');
  });

  test('with no free machine is 503 with Retry-After, and keeps nothing', async () => {
    const [response] = await Promise.all([
      bench.call('anna', 'POST /api/rent', { name: 'build-box' }),
      whenStored(reject('Rejected')),
    ]);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await response.json()).toMatchObject({ code: 'no_free_node' });
    expect(bench.store.rentals.size).toBe(0);
    const list = await (await bench.call('anna', 'GET /api/rentals?all=true')).json();
    expect(list).toEqual({ items: [], nextCursor: null });
  });

  test('with a selector that nothing can match is 422', async () => {
    const [response] = await Promise.all([
      bench.call('anna', 'POST /api/rent', { selector: { zone: 'the-moon' } }),
      whenStored(reject('Unsatisfiable')),
    ]);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'unsatisfiable' });
    expect(bench.store.rentals.size).toBe(0);
  });

  test('is 202 with Location and the key when the wait ran out', async () => {
    const response = await bench.call('anna', 'POST /api/rent?wait=20ms&queue=true');
    expect(response.status).toBe(202);
    const rental = (await response.json()) as Rented;
    expect(response.headers.get('location')).toBe(`/api/rentals/${rental.id}`);
    expect(rental.privateKey).toContain('PRIVATE KEY');
    expect(rental.spec.whenFull).toBe('queue');
    expect(rental.status.phase).toBe('Pending');
  });

  test.each(['11m', '5', '-1s', 'soon'])('wait=%s is 422', async (wait) => {
    expect((await bench.call('anna', `POST /api/rent?wait=${wait}`)).status).toBe(422);
    expect(bench.store.rentals.size).toBe(0);
  });

  test('repeated under its Idempotency-Key answers the same rental without the private key', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const call = () => bench.call('anna', 'POST /api/rent', undefined, headers);
    const [first] = await Promise.all([call(), whenStored(activate)]);
    const again = await call();
    expect(again.status).toBe(201);
    const repeated = (await again.json()) as Rented;
    expect(repeated.id).toBe(((await first.json()) as Rented).id);
    expect(repeated).not.toHaveProperty('privateKey');
  });

  test('is 202 with the key when the database went away: it is told only here', async () => {
    const [response] = await Promise.all([
      bench.call('anna', 'POST /api/rent?wait=300ms'),
      whenStored(() => {
        bench.store.failure = Object.assign(new Error('away'), { name: 'StoreError' });
      }),
    ]);
    expect(response.status).toBe(202);
    expect(await response.json()).toHaveProperty('privateKey');
  });

  test.each([
    ['Rejected', 503, 'no_free_node'],
    ['Unsatisfiable', 422, 'unsatisfiable'],
  ] as const)('one that is gone when it is looked for was %s, and is %i', async (reason, status, code) => {
    const [response] = await Promise.all([
      bench.call('anna', 'POST /api/rent'),
      // As when the request was repeated and the other one has discarded the rental that both waited for.
      whenStored((id) => {
        reject(reason)(id);
        bench.store.dropRental(id);
      }),
    ]);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  test('one that was released during the wait is 409', async () => {
    const [response] = await Promise.all([
      bench.call('anna', 'POST /api/rent'),
      whenStored((id) => bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: now })),
    ]);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'rental_ended' });
  });

  test('an Idempotency-Key whose rental has ended is 409', async () => {
    const call = () => bench.call('anna', 'POST /api/rent', undefined, { 'idempotency-key': 'k-1' });
    const [first] = await Promise.all([call(), whenStored(activate)]);
    const { id } = (await first.json()) as Rented;
    bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: now });
    const again = await call();
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: 'rental_ended', detail: expect.stringContaining(id) });
  });

  test('an Idempotency-Key does not make a queued request of one that was not', async () => {
    const call = (path: string) =>
      bench.call('anna', path, { sshPublicKey: KEY }, { 'idempotency-key': 'k' });
    expect((await call('POST /api/rent?wait=0s')).status).toBe(202);
    expect((await call('POST /api/rent?wait=1ms')).status).toBe(202);
    expect((await call('POST /api/rent?wait=0s&queue=true')).status).toBe(409);
  });

  test('?queue=true with whenFull reject is a contradiction', async () => {
    const response = await bench.call('anna', 'POST /api/rent?wait=0s&queue=true', { whenFull: 'reject' });
    expect(response.status).toBe(422);
    expect(bench.store.rentals.size).toBe(0);
  });

  test.each([
    ['whatever its declared type', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['of type JSON', {}],
  ])('an empty body is no body, %s', async (_name, headers) => {
    const response = await bench.call('anna', 'POST /api/rent?wait=0s', '', {
      ...headers,
      'content-length': '0',
    });
    expect(response.status).toBe(202);
  });
});
