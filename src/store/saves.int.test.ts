import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FIRST_UID } from '../core/model/node.ts';
import type { Store } from '../core/ports/stores.ts';
import { inTransaction } from './connection/transaction.ts';
import { lease } from './contract/contract.fixture.ts';
import { bindSave as bindTo, fleetOf, nodeSpec, now } from './contract/samples.fixture.ts';
import { testSaves } from './contract/saves.contract.fixture.ts';
import { createPlacement } from './statements/placements.ts';
import { aroundCommit, useStore } from './store.fixture.ts';

const bench = useStore();

testSaves(bench);

const bindSave = (rentalId: string, name: string) => bindTo(bench.store, rentalId, name);

test('makes double allocation impossible by the unique key alone', async () => {
  const uid = FIRST_UID;
  const claim = (epoch: number) =>
    inTransaction(bench.pool, (connection) =>
      createPlacement(
        connection,
        { rentalId: `r_${epoch}`, node: 'n1', role: 'serving', account: 'orion-x', uid, startedAt: now },
        epoch,
      ),
    );
  const won = await Promise.all(Array.from({ length: 40 }, (_, index) => claim(index + 1)));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(await bench.store.listPlacementsOnNodes()).toHaveLength(1);
});

/** The same database through a pool that delays every COMMIT; `paused` resolves when the first is due. */
function slowToCommit(pauseMs: number): { slow: Store; paused: Promise<void> } {
  let report: (() => void) | undefined;
  const paused = new Promise<void>((done) => {
    report = done;
  });
  const slow = aroundCommit(bench.pool, async (commit) => {
    report?.();
    // The fault itself: a leader that stalls right before its COMMIT.
    await sleep(pauseMs);
    return await commit();
  });
  return { slow, paused };
}

test('makes a successor wait for a save that is in its middle, so that none lands after the take-over', async () => {
  await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
  const { slow, paused } = slowToCommit(1_500);
  await bench.store.renew(bench.leader, { ...lease, durationMs: 300 });
  const late = slow.save(bench.leader, await bindSave('r_1', 'n1'));
  await paused;
  // Leadership runs out by the database's clock, without any signal.
  await sleep(400);
  expect(await bench.store.acquire({ ...lease, holder: 'second' })).toEqual({
    token: bench.leader.token + 1,
  });
  expect(await bench.store.listPlacementsOnNodes()).toHaveLength(1);
  expect((await late).kind).toBe('saved');
});

test('ends a save that stands still in its middle, so that a successor need not wait for ever', async () => {
  await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('n1')]), now);
  const { slow, paused } = slowToCommit(4_500);
  await bench.store.renew(bench.leader, { ...lease, durationMs: 300 });
  const outcome = slow.save(bench.leader, await bindSave('r_1', 'n1')).catch((error: unknown) => error);
  await paused;
  // Leadership runs out by the database's clock, without any signal.
  await sleep(400);
  expect(await bench.store.acquire({ ...lease, holder: 'second' })).toEqual({
    token: bench.leader.token + 1,
  });
  expect(await outcome).toMatchObject({ name: 'StoreError', kind: 'unknown' });
  expect(await bench.store.listPlacementsOnNodes()).toEqual([]);
});
