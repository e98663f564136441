import { beforeEach, describe, expect, test } from 'vitest';
import type { StoredEvent } from '../core/history/event.ts';
import { type ApiBench, createApiBench, KEY, now, sampleNode } from './api.fixture.ts';
import { readDescription } from './description/checked-app.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
  bench.store.addNode(sampleNode('worker_1'));
});

const FROM = { 'x-forwarded-for': '198.51.100.7' };
const FINGERPRINT = `SHA256:${'A'.repeat(43)}`;
type Who = 'anna' | 'admin';
const OTHER_FLEET = 'f_0123456789abcdef01234567';
/** How to make each call that writes, after creating what it needs; null: the call writes nothing. */
const WRITES: Record<string, null | ((who: Who) => Promise<[line: string, body?: unknown]>)> = {
  planInventory: null,
  createRental: async () => ['POST /api/rentals', { name: 'box', sshPublicKey: KEY }],
  rent: async () => ['POST /api/rent?wait=0s', { name: 'box', sshPublicKey: KEY }],
  applyRental: async () => ['PUT /api/rentals/box', { sshPublicKey: KEY }],
  changeRental: async () => [`PATCH /api/rentals/${await bench.make('anna')}`, { ttl: '1h' }],
  releaseRental: async () => [`DELETE /api/rentals/${await bench.make('anna')}`],
  cordonNode: async () => ['POST /api/nodes/worker_1/cordon'],
  drainNode: async () => ['POST /api/nodes/worker_1/drain'],
  uncordonNode: async () => {
    await bench.call('admin', 'POST /api/nodes/worker_1/cordon');
    return ['POST /api/nodes/worker_1/uncordon'];
  },
  cleanNode: async () => ['POST /api/nodes/worker_1/clean'],
  forgetNode: async () => {
    const { spec, ...node } = sampleNode('worker_1');
    const record = { ...node.record, state: 'dead' as const };
    bench.store.addNode({ ...node, record, spec: { ...spec, retiring: true } });
    return ['POST /api/nodes/worker_1/forget'];
  },
  trustNode: async () => {
    bench.store.setNodeState('worker_1', 'node.condition', { offeredFingerprint: FINGERPRINT });
    return ['POST /api/nodes/worker_1/trust', { fingerprint: FINGERPRINT }];
  },
  adoptNode: async () => {
    bench.store.setNodeState('worker_1', 'node.condition', { otherFleet: OTHER_FLEET });
    return ['POST /api/nodes/worker_1/adopt', { fleet: OTHER_FLEET }];
  },
  acceptDifferences: async () => {
    const id = 'a'.repeat(32);
    const item = { id, kind: 'schedules', text: '/etc/cron.d/x sha256:1' };
    const differences = { items: [item], more: 0, others: 0 };
    bench.store.setNodeState('worker_1', 'node.quarantined', { state: 'quarantined', differences });
    return ['POST /api/nodes/worker_1/accept', { ids: [id], reason: 'upgrade of cron' }];
  },
  pausePool: async () => ['POST /api/pool/pause', { reason: 'power works' }],
  resumePool: async () => {
    await bench.call('admin', 'POST /api/pool/pause', { reason: 'power works' });
    return ['POST /api/pool/resume'];
  },
  overrideBreaker: async () => {
    bench.store.setNodeState('worker_1', 'pool.breaker_opened', {});
    return ['POST /api/pool/override-breaker', { reason: 'they are gone', confirm: true }];
  },
  applyInventory: async () => {
    setTimeout(() => bench.store.answerInventory({ kind: 'applied', added: [], changed: [], retiring: [] }));
    return ['POST /api/inventory/apply', {}];
  },
  createToken: async () => ['POST /api/tokens', { tenant: 'ben', name: 'ci' }],
  revokeToken: async () => [`DELETE /api/tokens/${bench.tokens.ben.split('_')[1]}`],
  limitTenant: async () => ['PATCH /api/tenants/anna', { maxRentals: 3 }],
  rotateWebhookSecret: async () => ['POST /api/webhooks/secret/rotate'],
  resendWebhookDelivery: async () => {
    bench.store.addDelivery({
      messageId: 'msg_1',
      type: 'rental.active',
      rentalId: 'r_1',
      tenant: 'anna',
      state: 'dead',
      url: 'https://a.example/',
      attempts: 9,
      createdAt: now,
      nextAttemptAt: null,
      lastError: null,
      endedAt: now,
    });
    return ['POST /api/webhooks/deliveries/msg_1/resend'];
  },
  signIn: async (who) => ['POST /api/session', { token: bench.tokens[who] }],
  signOut: async () => ['DELETE /api/session'],
};

async function listOperations() {
  const { paths } = await readDescription(bench.app.request);
  return Object.values(paths ?? {}).flatMap((path) =>
    Object.entries(path as Record<string, { operationId: string; middleware?: unknown }>).map(
      ([method, { operationId }]) => ({ method, operationId }),
    ),
  );
}

describe('the audit', () => {
  test('has an entry for every call that writes, with the token, its tenant and the address', async () => {
    const writes = (await listOperations())
      .filter(({ method }) => method !== 'get')
      .map((each) => each.operationId);
    expect(Object.keys(WRITES).toSorted()).toEqual(writes.toSorted());
    const ofTenants = ['Rental', 'rent', 'Webhook', 'sign'];
    const without: string[] = [];
    for (const [operation, prepare] of Object.entries(WRITES)) {
      if (prepare === null || operation === 'signOut') continue;
      bench = await createApiBench();
      bench.store.addNode(sampleNode('worker_1'));
      const who = ofTenants.some((word) => operation.includes(word)) ? 'anna' : 'admin';
      const [line, body] = await prepare(who);
      const before = bench.store.events.length;
      const response = await bench.call(who, line, body, FROM);
      expect([operation, response.status < 300]).toEqual([operation, true]);
      const actor = { tenant: who, role: who === 'anna' ? 'tenant' : 'admin', source: '198.51.100.7' };
      const entries = bench.store.events.slice(before).map((event) => event.actor);
      const token = { id: bench.tokens[who].split('_')[1], name: who };
      if (!entries.some((entry) => JSON.stringify(entry) === JSON.stringify({ token, ...actor })))
        without.push(operation);
    }
    expect(without).toEqual([]);
  });
});

async function read(who: Who | 'ben', query = ''): Promise<(StoredEvent & { actor: unknown })[]> {
  const response = await bench.call(who, `GET /api/events?${query}`);
  return ((await response.json()) as { items: (StoredEvent & { actor: unknown })[] }).items;
}

describe('who reads it', () => {
  test('sees their own addresses, and of an administrator only that it was one', async () => {
    const response = await bench.call('anna', 'POST /api/rentals', { sshPublicKey: KEY }, FROM);
    const { id } = (await response.json()) as { id: string };
    await bench.call('admin', `DELETE /api/rentals/${id}`, undefined, { 'x-forwarded-for': '203.0.113.5' });
    const token = (who: Who) => ({ id: bench.tokens[who].split('_')[1], name: who });
    expect((await read('anna')).map(({ type, actor }) => [type, actor])).toEqual([
      ['rental.created', { token: token('anna'), tenant: 'anna', role: 'tenant', source: '198.51.100.7' }],
      ['rental.release_requested', { token: null, tenant: null, role: 'admin', source: null }],
    ]);
    expect((await read('admin')).at(-1)).toMatchObject({
      actor: { token: token('admin'), tenant: 'admin', role: 'admin', source: '203.0.113.5' },
    });
  });

  test('sees sign-ins with their end', async () => {
    const signedIn = await bench.call('anna', 'POST /api/session', { token: bench.tokens.anna }, FROM);
    const { csrfToken } = (await signedIn.json()) as { csrfToken: string };
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] as string;
    const headers = { cookie, 'x-csrf-token': csrfToken, ...FROM };
    await bench.app.request('/api/session', { method: 'DELETE', headers });
    const events = await read('anna');
    expect(events.map(({ type }) => type)).toEqual(['session.created', 'session.ended']);
    expect(events[1]).toMatchObject({ actor: { tenant: 'anna', source: '198.51.100.7' } });
    expect(await read('ben')).toEqual([]);
  });
});

describe('who is turned away', () => {
  const WRONG = { authorization: `Bearer orion_aaaaaaaaaa_${'A'.repeat(43)}` };
  const from = (place: string) => ({ 'x-forwarded-for': place });
  const tryWrong = (place: string) =>
    bench.call('anna', 'GET /api/rentals', undefined, { ...WRONG, ...from(place) });

  test('is slowed down by address, and a valid token from behind the same address is not', async () => {
    for (let tries = 1; tries <= 10; tries++) expect((await tryWrong('198.51.100.7')).status).toBe(401);
    const slowed = await tryWrong('198.51.100.7');
    expect(slowed.status).toBe(429);
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await bench.call('anna', 'GET /api/rentals', undefined, FROM)).status).toBe(200);
    expect((await tryWrong('198.51.100.8')).status).toBe(401);
    // One machine has a whole /64 of addresses.
    for (let tries = 1; tries <= 10; tries++) await tryWrong(`2001:db8:1:2::${tries}`);
    expect((await tryWrong('2001:db8:1:2::ffff')).status).toBe(429);
  });

  test('stands in the history once for an address and a minute', async () => {
    for (let tries = 1; tries <= 12; tries++) await tryWrong('198.51.100.7');
    await bench.app.request('/api/rentals', { headers: from('198.51.100.9') });
    const body = { token: WRONG.authorization.slice('Bearer '.length) };
    await bench.call('anna', 'POST /api/session', body, from('2001:db8:1:2::3'));
    expect(await read('admin')).toEqual([]);
    await bench.endMinute();
    const nobody = { token: null, tenant: null, role: null };
    expect((await read('admin')).map(({ type, message, actor }) => [type, message, actor])).toEqual([
      [
        'access.refused',
        '12 × call refused from 198.51.100.7: the token is not valid',
        { ...nobody, source: '198.51.100.7' },
      ],
      [
        'access.refused',
        '1 × sign-in refused from 2001:db8:1:2::/64: the token is not valid',
        { ...nobody, source: '2001:db8:1:2::3' },
      ],
    ]);
    expect(await read('anna')).toEqual([]);
  });

  test('cannot fill the history, from however many addresses', async () => {
    for (let address = 1; address <= 60; address++) await tryWrong(`198.51.100.${address}`);
    await bench.endMinute();
    const events = await read('admin');
    expect(events).toHaveLength(21);
    expect(events.at(-1)).toMatchObject({
      message: '40 × refused from other addresses: the token is not valid',
    });
    await bench.endMinute();
    expect(await read('admin')).toHaveLength(21);
  });

  test('with a valid token for what it may not have is told of with the token', async () => {
    for (const path of ['/api/tokens', '/api/pool', '/api/tenants'])
      expect((await bench.call('anna', `GET ${path}`, undefined, FROM)).status).toBe(403);
    await bench.endMinute();
    for (const who of ['anna', 'admin'] as const) {
      expect(await read(who)).toMatchObject([
        {
          type: 'access.denied',
          tenant: 'anna',
          message: 'GET /api/tokens and 2 more: administrators only',
          actor: { token: { name: 'anna' }, tenant: 'anna', source: '198.51.100.7' },
        },
      ]);
    }
    expect(await read('ben')).toEqual([]);
  });

  test('is told in the log when the history cannot be written', async () => {
    await tryWrong('198.51.100.7');
    bench.store.failure = new Error('the database is away');
    await bench.endMinute();
    bench.store.failure = null;
    expect(bench.logged).toContainEqual(
      expect.objectContaining({ message: 'refusals could not be recorded in the history' }),
    );
  });
});
