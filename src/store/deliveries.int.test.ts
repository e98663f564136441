import { beforeEach, describe, expect, test } from 'vitest';
import type { NoticeBody, NoticeType } from '../core/history/notice.ts';
import type { RentalRecord } from '../core/model/rental.ts';
import { type AttemptEnd, type DueDelivery, GIVE_UP_AFTER_MS } from '../core/ports/delivery.ts';
import { event, newRental, now, rentalSpec } from './contract/samples.fixture.ts';
import { useStore } from './store.fixture.ts';

const bench = useStore();
const HOOK = 'https://client.example/hook';
const later = (ms: number) => new Date(now.getTime() + ms);

beforeEach(async () => {
  for (const id of ['r_1', 'r_2']) await make(id);
});

async function make(id: string, tenant = 't'): Promise<void> {
  const rental = newRental(id, { tenant, spec: { ...rentalSpec, webhookUrl: HOOK } });
  await bench.store.createRental(rental, event({ type: 'rental.created', rentalId: id, tenant }));
}

const bodyOf = (type: NoticeType, fence: number) =>
  ({ type, timestamp: now.toISOString(), data: { fence } }) as unknown as NoticeBody;
const told = (rentalId: string, type: NoticeType, tenant = 't') =>
  event({
    ...{ type, rentalId, tenant, at: now },
    notice: { type, url: HOOK, body: (fence) => bodyOf(type, fence) },
  });
const tell = (...events: ReturnType<typeof told>[]) => bench.store.save(bench.leader, { events });
const due = (at = now) => bench.store.listDueDeliveries(at, 100);
const list = async (tenant: string | null = null) =>
  (await bench.store.listDeliveries(tenant, { state: null, rentalId: null }, { limit: 100, cursor: null }))
    .items;

async function claim(delivery: DueDelivery | undefined, until = later(10_000)) {
  if (!delivery) throw new Error('nothing is due');
  const claimed = await bench.store.claimDelivery(bench.leader, delivery, until);
  if (claimed === null || claimed === 'deposed') throw new Error(`not claimed: ${claimed}`);
  return claimed;
}
const end = async (delivery: DueDelivery | undefined, outcome: AttemptEnd) =>
  bench.store.endAttempt(await claim(delivery), outcome);
const DELIVERED: AttemptEnd = { kind: 'delivered', at: now };
const DEAD: AttemptEnd = { kind: 'dead', at: now, error: 'it answered 500' };

describe('what is saved', () => {
  test('is in the outbox with its event, and an id that begins with its place in the history', async () => {
    await tell(told('r_1', 'rental.active'), event({ rentalId: 'r_1', tenant: 't' }));
    const [first, ...others] = await list();
    const filter = { rentalId: 'r_1', node: null, type: 'rental.active', afterSeq: 0, limit: 10 };
    const [entry] = await bench.store.listEvents('t', filter);
    expect(others).toEqual([]);
    expect(first?.messageId).toMatch(new RegExp(`^msg_${entry?.seq}_[0-9a-f]{12}$`));
    expect(first).toMatchObject({ type: 'rental.active', rentalId: 'r_1', tenant: 't', url: HOOK });
    expect(first).toMatchObject({ state: 'pending', attempts: 0, createdAt: now, nextAttemptAt: now });
    expect(entry).not.toHaveProperty('notice');
  });

  test('is not in the outbox when the save was not kept', async () => {
    const rental = await bench.store.loadRental('r_1');
    const record = { ...rental?.record, resourceVersion: 99 } as RentalRecord;
    const change = { id: 'r_1', record, seenGeneration: 1, seenReleaseRequested: false };
    const save = { rentals: [change], events: [told('r_1', 'rental.active')] };
    expect((await bench.store.save(bench.leader, save)).kind).toBe('conflict');
    expect(await list()).toEqual([]);
  });

  test('shows the fence number of its save', async () => {
    const saved = await tell(told('r_1', 'rental.active'));
    const { body } = await claim((await due())[0]);
    expect(body).toEqual(bodyOf('rental.active', saved.kind === 'saved' ? saved.fence : 0));
  });

  test('is forgotten with a rental that was rejected', async () => {
    const rental = await bench.store.loadRental('r_1');
    const record = { ...rental?.record, phase: 'Failed', endedAt: now } as RentalRecord;
    const change = { id: 'r_1', record, seenGeneration: 1, seenReleaseRequested: false };
    const events = [told('r_1', 'rental.failed'), told('r_2', 'rental.active')];
    expect((await bench.store.save(bench.leader, { rentals: [change], events })).kind).toBe('saved');
    for (const id of ['r_1', 'r_2']) await bench.store.discardRejected(id);
    expect((await list()).map(({ rentalId }) => rentalId)).toEqual(['r_2']);
  });
});

describe('the turn of a message', () => {
  test('comes when no earlier one of its rental is pending, whatever becomes of that one', async () => {
    await tell(told('r_1', 'rental.active'), told('r_2', 'rental.active'));
    await tell(told('r_1', 'rental.lost'), told('r_1', 'rental.migrated'));
    const types = async (at?: Date) =>
      (await due(at)).map(({ rentalId, id }) => `${rentalId} ${id}`).toSorted();
    const [first] = await due();
    expect(await types()).toEqual(['r_1 1', 'r_2 2']);
    await end(first, { kind: 'failed', error: 'no answer', nextAttemptAt: later(2_000) });
    expect(await types(later(1_999))).toEqual(['r_2 2']);
    expect(await types(later(2_000))).toEqual(['r_1 1', 'r_2 2']);
    await end(
      (await due(later(2_000))).find(({ id }) => id === 1),
      DEAD,
    );
    expect(await types()).toEqual(['r_1 3', 'r_2 2']);
    await end(
      (await due()).find(({ id }) => id === 3),
      DELIVERED,
    );
    expect(await types()).toEqual(['r_1 4', 'r_2 2']);
  });

  test('is not come before its time; those that waited longest come first', async () => {
    await tell(told('r_1', 'rental.active'));
    await bench.store.save(bench.leader, {
      events: [{ ...told('r_2', 'rental.active'), at: later(-1_000) }],
    });
    expect((await due()).map(({ rentalId }) => rentalId)).toEqual(['r_2', 'r_1']);
    expect((await due(later(-1))).map(({ rentalId }) => rentalId)).toEqual(['r_2']);
    expect(await bench.store.listDueDeliveries(now, 1)).toHaveLength(1);
  });

  test('leads to where the webhook is now, to nowhere when there is none, and to where it was when the rental is gone', async () => {
    await tell(told('r_1', 'rental.active'));
    const urls = async () => (await due()).map(({ url }) => url);
    const setUrl = async (webhookUrl: string | null, generation: number) => {
      const spec = { ...rentalSpec, webhookUrl };
      const written = event({ type: 'rental.updated', rentalId: 'r_1', tenant: 't' });
      return bench.store.updateRentalSpec('r_1', generation, spec, { renewedAt: null, event: written });
    };
    expect(await setUrl('https://other.example/', 1)).toBe(true);
    expect(await urls()).toEqual(['https://other.example/']);
    expect(await setUrl(null, 2)).toBe(true);
    expect(await urls()).toEqual([null]);
    await bench.pool.withConnection(({ execute }) => execute("DELETE FROM rentals WHERE id = 'r_1'"));
    expect(await urls()).toEqual([HOOK]);
  });
});

describe('a try', () => {
  test('is counted before it is made, and is nobody else’s until its time is over', async () => {
    await tell(told('r_1', 'rental.active'));
    const [delivery] = await due();
    const claimed = await claim(delivery, later(12_000));
    expect(claimed).toMatchObject({ attempts: 1, giveUpAt: later(GIVE_UP_AFTER_MS) });
    expect(claimed.secret).toEqual({ version: 1, rotatedAt: null });
    expect(await due(later(11_999))).toEqual([]);
    expect(await due(later(12_000))).toMatchObject([{ attempts: 1 }]);
    expect(await bench.store.claimDelivery(bench.leader, delivery as DueDelivery, now)).toBeNull();
    expect((await list())[0]).toMatchObject({ attempts: 1 });
  });

  test('is not made by who was deposed', async () => {
    await tell(told('r_1', 'rental.active'));
    const [delivery] = await due();
    await bench.store.release(bench.leader);
    await bench.store.acquire({ holder: 'second', durationMs: 60_000 });
    const claimed = bench.store.claimDelivery(bench.leader, delivery as DueDelivery, later(10_000));
    expect(await claimed).toBe('deposed');
    expect((await list())[0]).toMatchObject({ attempts: 0, nextAttemptAt: now });
  });

  test('that is not the last one any more writes nothing', async () => {
    await tell(told('r_1', 'rental.active'));
    const first = await claim((await due())[0], now);
    const second = await claim((await due())[0]);
    expect(await bench.store.endAttempt(first, DEAD)).toBe(false);
    expect(await bench.store.endAttempt(second, DELIVERED)).toBe(true);
    expect(await bench.store.endAttempt(second, DEAD)).toBe(false);
    expect((await list())[0]).toMatchObject({ state: 'delivered', endedAt: now, nextAttemptAt: null });
  });

  test('that failed says why, at a length that the column holds', async () => {
    await tell(told('r_1', 'rental.active'));
    await end((await due())[0], { kind: 'failed', error: '€'.repeat(2_000), nextAttemptAt: now });
    expect((await list())[0]?.lastError).toHaveLength(512);
  });
});

describe('sending again', () => {
  test('begins anew, with another day, after whatever end', async () => {
    await tell(told('r_1', 'rental.active'), told('r_2', 'rental.active'));
    for (const delivery of await due()) await end(delivery, delivery.rentalId === 'r_1' ? DEAD : DELIVERED);
    const muchLater = later(3 * GIVE_UP_AFTER_MS);
    for (const { messageId } of await list()) {
      expect(await bench.store.resendDelivery('t', messageId, muchLater)).toMatchObject({
        ...{ state: 'pending', attempts: 0, nextAttemptAt: muchLater, endedAt: null },
      });
    }
    const again = await due(muchLater);
    expect(again).toHaveLength(2);
    expect((await claim(again[0])).giveUpAt).toEqual(new Date(muchLater.getTime() + GIVE_UP_AFTER_MS));
  });

  test('only hurries one that is pending', async () => {
    await tell(told('r_1', 'rental.active'));
    await end((await due())[0], { kind: 'failed', error: 'no', nextAttemptAt: later(60_000) });
    const [{ messageId } = { messageId: '' }] = await list();
    expect(await bench.store.resendDelivery(null, messageId, now)).toMatchObject({
      attempts: 1,
      nextAttemptAt: now,
    });
  });

  test('is not for another tenant', async () => {
    await tell(told('r_1', 'rental.active'));
    await end((await due())[0], DEAD);
    const [{ messageId } = { messageId: '' }] = await list();
    expect(await bench.store.resendDelivery('other', messageId, now)).toBeNull();
    expect(await bench.store.resendDelivery('t', 'msg_none', now)).toBeNull();
    expect((await list())[0]?.state).toBe('dead');
  });
});

test('messages are listed by tenant, state and rental, newest first and in pages, and counted', async () => {
  await make('r_3', 'other');
  await tell(
    told('r_1', 'rental.active'),
    told('r_2', 'rental.active'),
    told('r_3', 'rental.active', 'other'),
  );
  await tell(told('r_1', 'rental.lost'));
  await end((await due())[0], DEAD);
  const find = (tenant: string | null, set: object = {}, limit = 10, cursor: string | null = null) =>
    bench.store.listDeliveries(tenant, { state: null, rentalId: null, ...set }, { limit, cursor });
  const named = async (...args: Parameters<typeof find>) =>
    (await find(...args)).items.map(({ rentalId, type }) => `${rentalId} ${type}`);
  expect(await named('t')).toEqual(['r_1 rental.lost', 'r_2 rental.active', 'r_1 rental.active']);
  expect(await named('other')).toEqual(['r_3 rental.active']);
  expect(await named(null, { state: 'dead' })).toEqual(['r_1 rental.active']);
  expect(await named(null, { rentalId: 'r_2' })).toEqual(['r_2 rental.active']);
  const page = await find(null, {}, 3);
  expect(page.items).toHaveLength(3);
  expect(await find(null, {}, 3, page.nextCursor)).toMatchObject({
    items: [{ state: 'dead' }],
    nextCursor: null,
  });
  await expect(find(null, {}, 3, 'nonsense')).rejects.toMatchObject({ name: 'InvalidCursorError' });
  const counts = await bench.store.countDeliveries();
  expect(Object.fromEntries(counts.map(({ state, count }) => [state, count]))).toEqual({
    pending: 3,
    dead: 1,
  });
});

test('a secret is replaced together with its event, also of a tenant that has limits', async () => {
  const rotated = event({ type: 'webhook.secret_rotated', tenant: 't' });
  expect(await bench.store.loadSecretVersion('t')).toEqual({ version: 1, rotatedAt: null });
  expect(await bench.store.rotateSecret('t', now, rotated)).toEqual({ version: 2, rotatedAt: now });
  expect(await bench.store.rotateSecret('t', later(5), rotated)).toEqual({ version: 3, rotatedAt: later(5) });
  await bench.pool.withConnection(({ execute }) =>
    execute("INSERT INTO tenants (name, max_rentals, updated_at) VALUES ('other', 3, now())"),
  );
  expect(await bench.store.rotateSecret('other', now, rotated)).toEqual({ version: 2, rotatedAt: now });
  const [limits] = (await bench.pool.withConnection(({ execute }) =>
    execute("SELECT max_rentals AS n FROM tenants WHERE name = 'other'"),
  )) as unknown as { n: number }[];
  expect(limits?.n).toBe(3);
  await bench.store.numberEvents(bench.leader);
  const filter = { rentalId: null, node: null, type: 'webhook.secret_rotated', afterSeq: 0, limit: 10 };
  expect(await bench.store.listEvents(null, filter)).toHaveLength(3);
});

test('what was delivered goes after its time, what was given up after another, and what is pending never', async () => {
  const DAY_MS = 86_400_000;
  for (let count = 0; count < 5; count++) await tell(told('r_1', 'rental.active'));
  const daysAgo = [40, 10, 8, 6];
  for (const [index, days] of daysAgo.entries()) {
    const at = later(-days * DAY_MS);
    await end((await due())[0], index < 2 ? { ...DEAD, at } : { ...DELIVERED, at });
  }
  const what = { rentalsEndedBefore: new Date(0), eventsBefore: new Date(0) };
  const purge = (limit: number) =>
    bench.store.purge(bench.leader, {
      ...what,
      ...{ deliveredBefore: later(-7 * DAY_MS), deadBefore: later(-30 * DAY_MS), limit },
    });
  expect(await purge(1)).toMatchObject({ deliveries: 1 });
  expect(await purge(500)).toMatchObject({ deliveries: 1 });
  expect(await purge(500)).toMatchObject({ deliveries: 0 });
  expect((await list()).map(({ state }) => state)).toEqual(['pending', 'delivered', 'dead']);
});
