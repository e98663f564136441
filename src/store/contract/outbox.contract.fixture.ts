import { describe, expect, test } from 'vitest';
import type { RentalRecord } from '../../core/model/rental.ts';
import { type DueDelivery, GIVE_UP_AFTER_MS } from '../../core/ports/delivery.ts';
import type { ContractBench } from './contract.fixture.ts';
import { bodyOf, DEAD, DELIVERED, HOOK, later, told, useMessages } from './messages.fixture.ts';
import { event, now, rentalSpec } from './samples.fixture.ts';

/** What is sent to clients, and in which order. */
export function testOutbox(bench: ContractBench): void {
  describe('the outbox', () => {
    const { tell, due, list, claim, end, forget } = useMessages(bench);

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
        await forget('r_1');
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
  });
}
