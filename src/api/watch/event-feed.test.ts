import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoredEvent } from '../../core/history/event.ts';
import { SILENT } from '../../project/silent.fixture.ts';
import { createHistory } from '../../simulation/memory/events.ts';
import { createEventFeed, type EventFeed } from './event-feed.ts';

const ANY = { rentalId: null, node: null, type: null };

let events: StoredEvent[];
let reads: number;
let feed: EventFeed;
const stopped = new AbortController();

beforeEach(() => {
  events = [];
  reads = 0;
  const history = createHistory(events);
  const listEvents: typeof history.listEvents = (tenant, filter) => {
    reads++;
    return history.listEvents(tenant, filter);
  };
  feed = createEventFeed({ ...history, listEvents }, SILENT);
});
afterEach(() => feed.close());

function write(rentalId: string, tenant = 'anna'): void {
  const seq = (events.at(-1)?.seq ?? 0) + 1;
  const what = { type: 'rental.status' as const, at: new Date(0), reason: 'Provisioned', message: '' };
  events.push({ ...what, seq, rentalId, tenant, node: null, object: null });
}

/** The numbers of the events that a follower has seen. */
function follow(afterSeq: number, filter = {}, tenant: string | null = null): number[] {
  const seen: number[] = [];
  void (async () => {
    for await (const { seq } of feed.follow(tenant, { ...ANY, ...filter, afterSeq }, stopped.signal)) {
      seen.push(seq);
    }
  })();
  return seen;
}

test('a new event is read once, however many follow', async () => {
  const all = Array.from({ length: 600 }, (_, n) => follow(0, { rentalId: `r_${n}` }));
  // Each reads for itself first, then waits for the feed.
  write('r_7');
  await expect.poll(() => all[7]).toEqual([1]);
  const before = reads;
  for (let n = 0; n < 50; n++) write('r_8');
  await expect.poll(() => all[8]?.length).toBe(50);
  // One read for the new events, and a few that found none meanwhile.
  expect(reads - before).toBeLessThan(50);
  expect(all.flat()).toHaveLength(51);
});

test('whenever somebody begins, they see all that match, in order and once', async () => {
  const followers: { from: number; rentalId: string | null; tenant: string | null; seen: number[] }[] = [];
  const join = (from: number) => {
    const rentalId = from % 3 === 0 ? null : `r_${from % 5}`;
    const tenant = from % 2 === 0 ? null : 'ben';
    followers.push({ from, rentalId, tenant, seen: follow(from, { rentalId }, tenant) });
  };
  for (let n = 0; n < 2_500; n++) {
    write(`r_${n % 5}`, n % 7 === 0 ? 'ben' : 'anna');
    if (n % 97 === 0) join(Math.max(0, n - (n % 1_300)));
    if (n % 400 === 0) await new Promise(setImmediate);
    if (n % 1_000 === 0) await expect.poll(() => followers[0]?.seen.at(-1)).toBe(n + 1);
  }
  for (const { from, rentalId, tenant, seen } of followers) {
    const expected = events
      .filter((event) => event.seq > from && (rentalId === null || event.rentalId === rentalId))
      .filter((event) => tenant === null || event.tenant === tenant)
      .map(({ seq }) => seq);
    await expect.poll(() => seen).toEqual(expected);
  }
});

test('what is numbered between the look of a follower and the beginning of the feed is not missed', async () => {
  const { listEvents, ...history } = createHistory(events);
  let isFirst = true;
  const late = createEventFeed(
    {
      listEvents,
      ...history,
      async lastEventSeq() {
        // By now the follower has found nothing and is waiting.
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (isFirst) write('r_1');
        isFirst = false;
        return await history.lastEventSeq();
      },
    },
    SILENT,
  );
  const { value } = await late.follow(null, { ...ANY, afterSeq: 0 }, stopped.signal).next();
  expect(value?.seq).toBe(1);
  late.close();
});
