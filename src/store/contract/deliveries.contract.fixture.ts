import { describe, expect, test } from 'vitest';
import { GIVE_UP_AFTER_MS } from '../../core/ports/delivery.ts';
import type { ContractBench } from './contract.fixture.ts';
import { DEAD, DELIVERED, later, told, useMessages } from './messages.fixture.ts';
import { event, now } from './samples.fixture.ts';

/** What clients and operators see of the messages, and do with them. */
export function testDeliveries(bench: ContractBench): void {
  describe('messages', () => {
    const { make, tell, due, list, claim, end } = useMessages(bench);

    describe('sending again', () => {
      test('begins anew, with another day, after whatever end', async () => {
        await tell(told('r_1', 'rental.active'), told('r_2', 'rental.active'));
        for (const delivery of await due())
          await end(delivery, delivery.rentalId === 'r_1' ? DEAD : DELIVERED);
        const muchLater = later(3 * GIVE_UP_AFTER_MS);
        for (const { messageId } of await list()) {
          expect(await bench.store.resendDelivery('t', messageId, muchLater)).toMatchObject({
            state: 'pending',
            attempts: 0,
            nextAttemptAt: muchLater,
            endedAt: null,
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
      expect(await bench.store.rotateSecret('t', later(5), rotated)).toEqual({
        version: 3,
        rotatedAt: later(5),
      });
      const limited = event({ type: 'tenant.limits_changed', tenant: 'other' });
      await bench.store.setLimits('other', { maxRentals: 3 }, limited);
      expect(await bench.store.rotateSecret('other', now, rotated)).toEqual({ version: 2, rotatedAt: now });
      expect((await bench.store.loadLimits('other')).maxRentals).toBe(3);
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
          deliveredBefore: later(-7 * DAY_MS),
          deadBefore: later(-30 * DAY_MS),
          limit,
        });
      expect(await purge(1)).toMatchObject({ deliveries: 1 });
      expect(await purge(500)).toMatchObject({ deliveries: 1 });
      expect(await purge(500)).toMatchObject({ deliveries: 0 });
      expect((await list()).map(({ state }) => state)).toEqual(['pending', 'delivered', 'dead']);
    });
  });
}
