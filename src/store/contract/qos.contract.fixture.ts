import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NewEvent, StoredEvent } from '../../core/history/event.ts';
import type { QosQuestion } from '../../core/ports/events.ts';
import type { QosEvent } from '../../core/qos/event.ts';
import { anyHistory } from '../../core/qos/qos.fixture.ts';
import { computeQos, type QosHistory } from '../../core/qos/qos.ts';
import { readQosHistory } from '../../simulation/memory/qos.ts';
import type { ContractBench } from './contract.fixture.ts';
import { event, fleetOf, newRental, nodeSpec, now } from './samples.fixture.ts';

const timeOf = (ms: number) => new Date(now.getTime() + ms);
const LIMIT = 10_000;
const longHistory = anyHistory.filter(({ length }) => length > 20);

/** The whole event, as the reconciler would have written it. */
function toNewEvent({ type, atMs, rentalId, node, tenant, state, isUnreachable }: QosEvent): NewEvent {
  const at = timeOf(atMs);
  const unreachableSince = isUnreachable ? at.toISOString() : null;
  const status =
    rentalId === null ? { state, stateSince: at.toISOString(), unreachableSince } : { phase: state };
  return event({ type, at, rentalId, node, tenant, object: { name: 'whatever', status } });
}

const sorted = (history: QosHistory | null) =>
  history && {
    openings: history.openings.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
    events: history.events.toSorted((a, b) => a.seq - b.seq),
  };

/** The history that the quality of service is computed from. */
export function testQos(bench: ContractBench): void {
  /** Nodes join, rentals are created, and then everything happens in order of time. */
  async function tell(story: QosEvent[]): Promise<void> {
    const { store, leader } = bench;
    const nodes = new Set(story.flatMap(({ node }) => node ?? []));
    await store.applyInventory(leader, fleetOf([...nodes].map((name) => nodeSpec(name))), timeOf(-10));
    for (const id of new Set(story.flatMap(({ rentalId }) => rentalId ?? []))) {
      const tenant = story.find(({ rentalId }) => rentalId === id)?.tenant ?? 't';
      const created = event({ type: 'rental.updated', at: timeOf(0), rentalId: id, tenant });
      await store.createRental(newRental(id, { tenant, createdAt: timeOf(0) }), created);
    }
    await store.save(leader, { events: story.map(toNewEvent) });
    for (const { rentalId, state, atMs } of story) {
      if (rentalId === null || state !== 'Released') continue;
      const rental = await store.loadRental(rentalId);
      if (!rental) throw new Error(`no rental ${rentalId}`);
      const record = { ...rental.record, phase: 'Released' as const, endedAt: timeOf(atMs) };
      const seen = { seenGeneration: rental.generation, seenReleaseRequested: false };
      await store.save(leader, { rentals: [{ id: rentalId, record, ...seen }], events: [] });
    }
  }

  /** Its events are all too old. */
  async function forgetHistory(): Promise<void> {
    const [never, always] = [new Date(0), new Date(now.getTime() + 86_400_000)];
    const cutoffs = {
      rentalsEndedBefore: never,
      eventsBefore: always,
      deliveredBefore: never,
      deadBefore: never,
    };
    await bench.store.purge(bench.leader, { ...cutoffs, limit: 500 });
  }

  async function readAll(): Promise<StoredEvent[]> {
    const any = { rentalId: null, node: null, type: null };
    return await bench.store.listEvents(null, { ...any, afterSeq: 0, limit: 100_000 });
  }

  test('what is asked of the database is what the core would read off the entries themselves', async () => {
    const stories = fc.sample(longHistory, { numRuns: 12, seed: 7 }).map((story, index) =>
      story.map((entry) => ({
        ...entry,
        node: entry.node && `${entry.node}-${index}`,
        rentalId: entry.rentalId && `${entry.rentalId}_${index}`,
        tenant: entry.tenant && `tenant-${index}`,
      })),
    );
    await tell(stories.flat().sort((a, b) => a.atMs - b.atMs));
    const all = await readAll();
    const endMs = 1 + Math.max(...stories.flat().map(({ atMs }) => atMs));
    let compared = 0;
    for (const fromMs of [-1, 0, 500, 2_000, 5_000, endMs]) {
      for (const [tenant, rentalId] of [
        [null, null],
        ['tenant-3', null],
        [null, 'r_1_5'],
        ['tenant-4', 'r_2_4'],
      ]) {
        const asked: QosQuestion = {
          tenant: tenant ?? null,
          rentalId: rentalId ?? null,
          limit: LIMIT,
          from: timeOf(fromMs),
          to: timeOf(endMs),
        };
        const found = await bench.store.loadQosHistory(asked);
        expect(sorted(found), `${tenant} ${rentalId} ${fromMs}`).toEqual(sorted(readQosHistory(all, asked)));
        compared += found?.events.length ?? 0;
      }
    }
    expect(compared).toBeGreaterThan(1_000);
  });

  test('more entries than were asked for are not half a history', async () => {
    const [story = []] = fc.sample(longHistory, { numRuns: 1, seed: 3 });
    await tell(story);
    const asked = { tenant: null, rentalId: null, from: timeOf(-1), to: timeOf(100_000) };
    const { length } = (await bench.store.loadQosHistory({ ...asked, limit: LIMIT }))?.events ?? [];
    expect(length).toBeGreaterThan(10);
    expect(await bench.store.loadQosHistory({ ...asked, limit: length })).not.toBeNull();
    expect(await bench.store.loadQosHistory({ ...asked, limit: length - 1 })).toBeNull();
  });

  test('a node that nothing was written of for as long as the history goes back is as its row says', async () => {
    const { store, leader } = bench;
    await store.applyInventory(leader, fleetOf([nodeSpec('n1')]), now);
    const node = await store.loadNode('n1');
    if (!node) throw new Error('no node');
    const record = {
      ...node.record,
      state: 'free' as const,
      status: 'alive' as const,
      stateSince: timeOf(1_000),
    };
    await store.save(leader, { nodes: [{ name: 'n1', record }], events: [] });
    await forgetHistory();
    const span = { fromMs: timeOf(2_000).getTime(), toMs: timeOf(62_000).getTime() };
    const asked = { tenant: null, rentalId: null, from: timeOf(2_000), to: timeOf(62_000), limit: LIMIT };
    const history = await store.loadQosHistory(asked);
    if (!history) throw new Error('no history');
    const { buckets } = computeQos(span, history, true);
    expect(buckets.reduce((all, { nodes }) => all + (nodes.get('free') ?? 0), 0)).toBe(60_000);
    const earlier = await store.loadQosHistory({ ...asked, from: timeOf(500) });
    expect(earlier?.openings).toEqual([]);
  });
}
