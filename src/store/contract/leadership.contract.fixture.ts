import { expect, test } from 'vitest';
import { LAST_UID } from '../../core/model/node.ts';
import { type ContractBench, lease } from './contract.fixture.ts';
import { bindSave as bindTo, event, fleetOf, newRental, nodeSpec, now } from './samples.fixture.ts';

/** The leader's writes other than saves: leadership, the order of events, counters. */
export function testLeaderWrites(bench: ContractBench): void {
  const bindSave = (rentalId: string, name: string) => bindTo(bench.store, rentalId, name);

  const rent = (id: string) =>
    bench.store.createRental(newRental(id), event({ type: 'rental.created', rentalId: id, tenant: 't' }));

  test('gives the lease to one of many, keeps it from others while it runs, and numbers each term', async () => {
    expect(await bench.store.acquire({ ...lease, holder: 'second' })).toBeNull();
    expect(await bench.store.acquire(lease)).toEqual({ token: bench.leader.token + 1 });
    await bench.store.release({ token: bench.leader.token + 1 });
    const holders = Array.from({ length: 8 }, (_, index) => ({ ...lease, holder: `h${index}` }));
    const terms = await Promise.all(holders.map((settings) => bench.store.acquire(settings)));
    expect(terms.filter((term) => term !== null)).toEqual([{ token: bench.leader.token + 2 }]);
  });

  test('knows from the history whether the breaker is open, whoever opened it', async () => {
    expect(await bench.store.isBreakerOpen()).toBe(false);
    for (const [type, isOpen] of [
      ['pool.breaker_opened', true],
      ['pool.breaker_closed', false],
      ['pool.breaker_opened', true],
    ] as const) {
      await bench.store.save(bench.leader, { events: [event({ type })] });
      await bench.store.save(bench.leader, { events: [event({ node: 'n1' })] });
      expect(await bench.store.isBreakerOpen()).toBe(isOpen);
    }
  });

  test('numbers every event once, and shows them in an order that only grows at its end', async () => {
    const seen: number[] = [];
    let writing = true;
    const follow = async () => {
      const everything = { limit: 500, rentalId: null, node: null, type: null };
      for (let more = true; more; ) {
        more = writing;
        const events = await bench.store.listEvents(null, { afterSeq: seen.at(-1) ?? 0, ...everything });
        seen.push(...events.map(({ seq }) => seq));
        more ||= events.length > 0;
      }
    };
    const write = async (writer: number) => {
      for (let step = 0; step < 15; step++) {
        await rent(`r_${writer}x${step}`);
        await bench.store.requestRelease(
          `r_${writer}x${step}`,
          now,
          event({ rentalId: `r_${writer}x${step}` }),
        );
      }
    };
    const number = async () => {
      while (writing) {
        await bench.store.numberEvents(bench.leader);
        await bench.store.save(bench.leader, { events: [event({ node: 'n1' })] });
      }
      await bench.store.numberEvents(bench.leader);
    };
    const following = follow();
    const numbering = number();
    await Promise.all([0, 1, 2, 3].map(write));
    writing = false;
    await numbering;
    await following;
    const filter = { limit: 10_000, rentalId: null, node: null, type: null };
    const all = await bench.store.listEvents(null, { afterSeq: 0, ...filter });
    expect(seen.concat(all.map(({ seq }) => seq).filter((seq) => seq > (seen.at(-1) ?? 0)))).toEqual(
      all.map(({ seq }) => seq),
    );
    expect(all.filter(({ type }) => type === 'rental.created')).toHaveLength(60);
    for (const { seq, rentalId } of all.filter(({ type }) => type === 'rental.created')) {
      expect(all.find((entry) => entry.rentalId === rentalId)?.seq).toBe(seq);
    }
    expect(await bench.store.lastEventSeq()).toBe(all.at(-1)?.seq);
    expect((await bench.store.listRecentEvents(null, { beforeSeq: null, ...filter, limit: 1 }))[0]).toEqual(
      all.at(-1),
    );
  });

  test('raises counters to what a node knows, but not to what no honest node can know', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    await bench.store.raiseCounters(bench.leader, { fence: 5_000, node: 'n1', nextUid: 21_000 });
    await bench.store.raiseCounters(bench.leader, { fence: 1, node: 'n1', nextUid: 20_001 });
    await bench.store.raiseCounters(bench.leader, {
      fence: Number.MAX_VALUE,
      node: 'n1',
      nextUid: LAST_UID + 2,
    });
    expect((await bench.store.loadNode('n1'))?.record.nextUid).toBe(21_000);
    const saved = await bench.store.save(bench.leader, await bindSave('r_1', 'n1'));
    expect(saved.kind === 'saved' && saved.fence).toBeGreaterThan(5_000);
    expect(saved.kind === 'saved' && saved.fence).toBeLessThan(5_100);
    const last = (
      await bench.store.listRecentEvents(null, {
        beforeSeq: null,
        limit: 1,
        rentalId: 'r_1',
        node: null,
        type: null,
      })
    )[0];
    expect(last?.object).toEqual({ epoch: saved.kind === 'saved' && saved.fence });
  });

  test('stores when nodes were probed, for all at once, and never sets it back', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1'), nodeSpec('n2')]), now);
    const later = new Date(now.getTime() + 1);
    await bench.store.saveLastChecked(bench.leader, [
      { node: 'n1', at: later },
      { node: 'n2', at: now },
      { node: 'gone', at: now },
    ]);
    await bench.store.saveLastChecked(bench.leader, [{ node: 'n1', at: now }]);
    expect((await bench.store.listNodes()).map(({ lastCheckedAt }) => lastCheckedAt)).toEqual([later, now]);
    expect((await bench.store.loadNode('n1'))?.record.resourceVersion).toBe(1);
  });
}
