import { expect, test } from 'vitest';
import type { ContractBench } from './contract.fixture.ts';
import { bindSave, event, fleetOf, newRental, nodeSpec, now } from './samples.fixture.ts';

const after = (ms: number) => new Date(now.getTime() + ms);

/** The history that the store provides for estimates of the wait. */
export function testQueueHistory(bench: ContractBench): void {
  async function place(id: string, tenant: string, node: string, startedAt: Date): Promise<number> {
    await bench.store.createRental(newRental(id, { tenant }), event());
    const save = await bindSave(bench.store, id, node);
    if (!save.bind) throw new Error('no binding');
    const result = await bench.store.save(bench.leader, { ...save, bind: { ...save.bind, startedAt } });
    if (result.kind !== 'saved') throw new Error(result.kind);
    return result.fence;
  }

  async function end(
    id: string,
    epoch: number,
    set: { readyAt: Date | null; endedAt: Date; expiresAt: Date | null },
  ) {
    const rental = await bench.store.loadRental(id);
    if (!rental) throw new Error(`no rental ${id}`);
    const { readyAt, endedAt, expiresAt } = set;
    const record = { ...rental.record, phase: 'Released' as const, endedAt, expiresAt };
    const change = { id, record, seenGeneration: 1, seenReleaseRequested: false };
    const placements = [{ epoch, set: { readyAt, endedAt, endReason: 'ReleaseRequested' } }];
    const save = { rentals: [change], placements, events: [] };
    expect((await bench.store.save(bench.leader, save)).kind).toBe('saved');
  }

  test('tells when each tenant was last given each node, but not of what came to nothing', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1'), nodeSpec('n2')]), now);
    expect(await bench.store.listServices()).toEqual([]);
    const first = await place('r_1', 'a', 'n1', now);
    await end('r_1', first, { readyAt: after(1), endedAt: after(5), expiresAt: after(9) });
    const failed = await place('r_2', 'b', 'n1', after(10));
    await end('r_2', failed, { readyAt: null, endedAt: after(15), expiresAt: null });
    await place('r_3', 'a', 'n1', after(20));
    await place('r_4', 'b', 'n2', after(30));
    expect(await bench.store.listServices()).toEqual([
      { tenant: 'a', node: 'n1', at: after(20) },
      { tenant: 'b', node: 'n2', at: after(30) },
    ]);
  });

  test('tells which share of their leases clients made use of, the last first', async () => {
    await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
    const lives = [
      { readyAt: after(0), endedAt: after(500), expiresAt: after(1_000) },
      // Its end was written by another clock.
      { readyAt: after(0), endedAt: after(2_500), expiresAt: after(2_000) },
      { readyAt: null, endedAt: after(3_000), expiresAt: null },
      { readyAt: after(3_000), endedAt: after(3_250), expiresAt: after(4_000) },
    ];
    for (const [index, life] of lives.entries()) {
      await end(`r_${index}`, await place(`r_${index}`, 'a', 'n1', now), life);
    }
    expect(await bench.store.listLeaseUses()).toEqual([0.25, 1, 0.5]);
  });
}
