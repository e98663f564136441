import { describe, expect, test } from 'vitest';
import type { RentalRecord } from '../../core/model/rental.ts';
import type { Cutoffs } from '../../core/ports/saves.ts';
import type { ContractBench } from './contract.fixture.ts';
import { bindSave, event, fleetOf, newRental, nodeSpec, now } from './samples.fixture.ts';

const DAY_MS = 86_400_000;
const daysBefore = (days: number) => new Date(now.getTime() - days * DAY_MS);
const NEVER = new Date(0);
const ANY = { rentalId: null, node: null, type: null };

/** What is deleted for good once its time is over. */
export function testPurge(bench: ContractBench): void {
  const make = (id: string, key: string | null = null) =>
    bench.store.createRental(
      newRental(id, { idempotencyKey: key, requestHash: key && 'a'.repeat(64) }),
      event({ type: 'rental.created', rentalId: id, tenant: 't' }),
    );

  async function end(id: string, endedAt: Date): Promise<void> {
    const rental = await bench.store.loadRental(id);
    if (!rental) throw new Error(`no rental ${id}`);
    const record: RentalRecord = { ...rental.record, phase: 'Released', endedAt };
    const change = { id, record, seenGeneration: rental.generation, seenReleaseRequested: false };
    expect((await bench.store.save(bench.leader, { rentals: [change], events: [] })).kind).toBe('saved');
  }

  /** Places the rental, ends the placement, and cleans the node of it if asked. */
  async function place(id: string, node: string, cleaned: boolean): Promise<void> {
    const { store, leader } = bench;
    await store.save(leader, await bindSave(store, id, node));
    const epoch = (await store.loadRental(id))?.placements[0]?.epoch as number;
    const set = { endedAt: now, endReason: 'ReleaseRequested' };
    await store.save(leader, { placements: [{ epoch, set }], events: [] });
    if (cleaned) await store.save(leader, { cleaned: { epochs: [epoch], at: now }, events: [] });
  }

  const purge = (changes: Partial<Cutoffs> = {}) =>
    bench.store.purge(bench.leader, {
      rentalsEndedBefore: NEVER,
      eventsBefore: NEVER,
      deliveredBefore: NEVER,
      deadBefore: NEVER,
      limit: 500,
      ...changes,
    });

  describe('rentals that ended', () => {
    test('go with their placements when their time is over, and not before', async () => {
      const { store, leader } = bench;
      await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
      for (const id of ['r_old', 'r_young', 'r_open']) await make(id, `key-${id}`);
      await place('r_old', 'n1', true);
      await end('r_old', daysBefore(31));
      await end('r_young', daysBefore(29));
      expect(await purge({ rentalsEndedBefore: daysBefore(30) })).toMatchObject({ rentals: 1, events: 0 });
      expect(await store.loadRental('r_old')).toBeNull();
      expect(await store.listPlacementsOfNode('n1', { before: null, limit: 9 })).toEqual([]);
      expect(await store.findRental('t', 'r_young')).not.toBeNull();
      expect(await store.findRental('t', 'r_open')).not.toBeNull();
      // The key of a purged rental may be used again.
      expect((await make('r_new', 'key-r_old')).kind).toBe('created');
      expect((await make('r_other', 'key-r_young')).kind).toBe('replayed');
    });

    test('stay for as long as something of them may be left on a node', async () => {
      const { store, leader } = bench;
      await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
      await make('r_1');
      await place('r_1', 'n1', false);
      await end('r_1', daysBefore(400));
      expect(await purge({ rentalsEndedBefore: daysBefore(30) })).toMatchObject({ rentals: 0, events: 0 });
      const [residue] = await store.listPlacementsOnNodes('n1');
      await store.save(leader, { cleaned: { epochs: [residue?.epoch as number], at: now }, events: [] });
      expect(await purge({ rentalsEndedBefore: daysBefore(30) })).toMatchObject({ rentals: 1, events: 0 });
    });

    test('go in batches, the oldest first', async () => {
      for (const days of [40, 60, 50]) {
        await make(`r_${days}`);
        await end(`r_${days}`, daysBefore(days));
      }
      expect(await purge({ rentalsEndedBefore: daysBefore(30), limit: 2 })).toMatchObject({ rentals: 2 });
      expect(await bench.store.loadRental('r_40')).not.toBeNull();
      expect(await purge({ rentalsEndedBefore: daysBefore(30), limit: 2 })).toMatchObject({ rentals: 1 });
    });
  });

  describe('the history', () => {
    const write = (daysAgo: number[]) =>
      bench.store.save(bench.leader, { events: daysAgo.map((days) => event({ at: daysBefore(days) })) });
    const ages = async () => {
      const events = await bench.store.listEvents(null, { ...ANY, afterSeq: 0, limit: 500 });
      return events.map(({ at }) => (now.getTime() - at.getTime()) / DAY_MS);
    };

    test('loses its beginning in batches, and tells where it begins now', async () => {
      await write([100, 99, 98, 97, 89, 0]);
      const first = await bench.store.firstEventSeq();
      expect(await purge({ eventsBefore: daysBefore(90), limit: 3 })).toMatchObject({
        rentals: 0,
        events: 3,
      });
      expect(await ages()).toEqual([97, 89, 0]);
      expect(await purge({ eventsBefore: daysBefore(90), limit: 3 })).toMatchObject({
        rentals: 0,
        events: 1,
      });
      expect(await purge({ eventsBefore: daysBefore(90), limit: 3 })).toMatchObject({
        rentals: 0,
        events: 0,
      });
      expect(await ages()).toEqual([89, 0]);
      expect(await bench.store.firstEventSeq()).toBe(first + 4);
    });

    test('keeps what has no place in the order yet', async () => {
      await make('r_1');
      expect(await purge({ eventsBefore: new Date(now.getTime() + DAY_MS) })).toMatchObject({
        rentals: 0,
        events: 0,
      });
    });
  });

  test('a deposed leader deletes nothing', async () => {
    await make('r_1');
    await end('r_1', daysBefore(40));
    await bench.store.release(bench.leader);
    expect(await bench.store.acquire({ holder: 'second', durationMs: 60_000 })).not.toBeNull();
    expect(await purge({ rentalsEndedBefore: daysBefore(30) })).toBe('deposed');
    expect(await bench.store.loadRental('r_1')).not.toBeNull();
  });
}
