import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QosEvent } from './event.ts';
import { anyHistory, askAbout, createStory } from './qos.fixture.ts';

const S = 1_000;

/** A rental on w1 from 10 s. w1 fails at 100 s and is judged dead at 106 s; at 108 s the client has access on w2. */
function aMove() {
  const story = createStory();
  for (const name of ['w1', 'w2']) story.node(name, 'node.free', 0, 'free');
  story.rental('r_1', 'rental.created', 5 * S, 'Pending');
  story.rental('r_1', 'rental.placed', 6 * S, 'Provisioning', 'w1');
  story.node('w1', 'node.allocated', 10 * S, 'allocated');
  story.rental('r_1', 'rental.active', 10 * S, 'Active', 'w1');
  story.node('w1', 'node.suspect', 100 * S, 'allocated', true);
  story.node('w1', 'node.dead', 106 * S, 'dead', true);
  story.rental('r_1', 'rental.migrating', 106 * S, 'Migrating', 'w2');
  story.node('w2', 'node.allocated', 108 * S, 'allocated');
  story.rental('r_1', 'rental.migrated', 108 * S, 'Active', 'w2');
  return story;
}

describe('a client whose node dies', () => {
  it('is without one from the first sign of failure until access on the next', () => {
    const { total } = askAbout(aMove().events, 0, 210 * S);
    expect(total).toMatchObject({
      servedMs: 200 * S,
      withoutNodeMs: 8 * S,
      outages: 1,
      moves: 1,
      plannedMoves: 0,
    });
    expect(total.times).toEqual({
      queueWait: [1 * S],
      provisioning: [4 * S],
      detection: [6 * S],
      move: [2 * S],
      outage: [8 * S],
    });
  });

  it('was so before the window began, and is so beyond its end', () => {
    const { events } = aMove();
    const { total } = askAbout(events, 101 * S, 107 * S);
    expect(total).toMatchObject({ servedMs: 6 * S, withoutNodeMs: 6 * S, outages: 0, moves: 0 });
    expect(total.times).toMatchObject({ detection: [6 * S], move: [], outage: [] });
    const after = askAbout(events, 107 * S, 110 * S).total;
    expect(after).toMatchObject({ servedMs: 3 * S, withoutNodeMs: 1 * S, outages: 0, moves: 1 });
    expect(after.times).toMatchObject({ detection: [], move: [2 * S], outage: [8 * S] });
  });

  it('counts a failure that passes by itself', () => {
    const story = createStory();
    story.rental('r_1', 'rental.placed', 0, 'Provisioning', 'w1');
    story.rental('r_1', 'rental.active', 0, 'Active', 'w1');
    story.node('w1', 'node.suspect', 10 * S, 'allocated', true);
    story.node('w1', 'node.suspect', 11 * S, 'allocated', true);
    story.node('w1', 'node.alive', 13 * S, 'allocated');
    const { total } = askAbout(story.events, 0, 20 * S);
    expect(total).toMatchObject({ withoutNodeMs: 3 * S, outages: 1, moves: 0 });
    expect(total.times).toMatchObject({ outage: [3 * S], detection: [] });
  });

  it('that answers again is not well before the rental is', () => {
    const story = createStory();
    story.rental('r_1', 'rental.placed', 0, 'Provisioning', 'w1');
    story.rental('r_1', 'rental.active', 0, 'Active', 'w1');
    story.node('w1', 'node.dead', 10 * S, 'dead', true);
    story.rental('r_1', 'rental.lost', 10 * S, 'Lost', 'w1');
    // Recovering, then held for a person: the node answers but is still dead.
    story.node('w1', 'node.alive', 14 * S, 'dead', true);
    story.node('w1', 'node.alive', 15 * S, 'dead', false);
    story.node('w1', 'node.alive', 18 * S, 'provisioning');
    story.rental('r_1', 'rental.recovered', 19 * S, 'Active', 'w1');
    const { total } = askAbout(story.events, 0, 30 * S);
    expect(total).toMatchObject({ withoutNodeMs: 9 * S, outages: 1 });
    expect(total.times).toMatchObject({ detection: [0], outage: [9 * S], move: [] });
  });

  it('and who releases meanwhile: the time counts, but not as that of an outage that was over', () => {
    const story = createStory();
    story.rental('r_1', 'rental.placed', 0, 'Provisioning', 'w1');
    story.rental('r_1', 'rental.active', 0, 'Active', 'w1');
    story.node('w1', 'node.dead', 10 * S, 'dead', true);
    story.rental('r_1', 'rental.releasing', 15 * S, 'Releasing', 'w1');
    story.rental('r_1', 'rental.released', 16 * S, 'Released');
    const { total, rentals } = askAbout(story.events, 0, 30 * S);
    expect(total).toMatchObject({ servedMs: 15 * S, withoutNodeMs: 5 * S, outages: 1 });
    expect(total.times.outage).toEqual([]);
    expect(rentals).toMatchObject([{ id: 'r_1', phase: 'Released' }]);
    expect(askAbout(story.events, 20 * S, 30 * S).rentals).toEqual([]);
  });
});

describe('a machine that is restarted under its client', () => {
  const served = () => {
    const story = createStory();
    story.rental('r_1', 'rental.placed', 0, 'Provisioning', 'w1');
    story.rental('r_1', 'rental.active', 2 * S, 'Active', 'w1');
    return story;
  };

  it('is an outage from its last answer on, though no probe failed', () => {
    const story = served();
    story.restarted('r_1', 20 * S, 'w1', 16 * S);
    for (const [fromMs, lostMs] of [
      [0, 4 * S],
      [18 * S, 2 * S],
    ] as const) {
      const { total, buckets } = askAbout(story.events, fromMs, 30 * S);
      expect(total).toMatchObject({ withoutNodeMs: lostMs, outages: 1, moves: 0 });
      expect(total.times.outage).toEqual([4 * S]);
      expect(buckets.reduce((sum, bucket) => sum + bucket.withoutNodeMs, 0)).toBe(lostMs);
    }
  });

  it('is the same outage as that of the probes that failed meanwhile, and a longer one', () => {
    for (const isToldFirst of [true, false]) {
      const story = served();
      story.node('w1', 'node.suspect', 18 * S, 'allocated', true);
      if (isToldFirst) story.restarted('r_1', 20 * S, 'w1', 16 * S);
      story.node('w1', 'node.alive', 20 * S, 'allocated');
      if (!isToldFirst) story.restarted('r_1', 20 * S, 'w1', 16 * S);
      const { total } = askAbout(story.events, 0, 30 * S);
      expect(total).toMatchObject({ withoutNodeMs: 4 * S, outages: 1 });
      expect(total.times.outage).toEqual([4 * S]);
    }
  });

  it('cost nothing before its client had access, and each restart counts for itself', () => {
    const story = served();
    story.restarted('r_1', 5 * S, 'w1', 0);
    story.restarted('r_1', 9 * S, 'w1', 6 * S);
    const { total } = askAbout(story.events, 0, 30 * S);
    expect(total).toMatchObject({ servedMs: 28 * S, withoutNodeMs: 6 * S, outages: 2 });
  });
});

it('a move from a node that is to be emptied costs nothing', () => {
  const story = createStory();
  story.rental('r_1', 'rental.placed', 0, 'Provisioning', 'w1');
  story.rental('r_1', 'rental.active', 0, 'Active', 'w1');
  story.rental('r_1', 'rental.migrating', 10 * S, 'Migrating', 'w2');
  story.rental('r_1', 'rental.migrated', 12 * S, 'Active', 'w2');
  const { total } = askAbout(story.events, 0, 20 * S);
  expect(total).toMatchObject({ withoutNodeMs: 0, outages: 0, moves: 1, plannedMoves: 1 });
  expect(total.times.move).toEqual([]);
});

it('a client sees the deaths of their own nodes, the fleet all', () => {
  const { events } = aMove();
  const story = createStory();
  story.events.push(...events);
  story.node('w3', 'node.suspect', 150 * S, 'free', true);
  story.node('w3', 'node.dead', 160 * S, 'dead', true);
  expect(askAbout(story.events, 0, 200 * S, true).total.times.detection).toEqual([6 * S, 10 * S]);
  expect(askAbout(story.events, 0, 200 * S, false).total.times.detection).toEqual([6 * S]);
});

it('a node is provisioning from when it is bound, also if the window begins in between', () => {
  const { events } = aMove();
  for (const fromMs of [0, 7 * S]) {
    const { buckets } = askAbout(events, fromMs, 11 * S);
    const atMs = 9 * S;
    const bucket = buckets.find((each) => each.fromMs <= atMs && atMs < each.toMs);
    expect(Object.fromEntries(bucket?.nodes ?? [])).toEqual({ provisioning: 1 * S, free: 1 * S });
  }
});

it('a rental that another clock gave birth to later than it was placed has waited for no time', () => {
  const story = createStory();
  story.rental('r_1', 'rental.created', 5 * S, 'Pending');
  story.rental('r_1', 'rental.placed', 4 * S, 'Provisioning', 'w1');
  story.rental('r_1', 'rental.active', 7 * S, 'Active', 'w1');
  const { total, rentals } = askAbout(story.events, 0, 10 * S);
  expect(total.times).toMatchObject({ queueWait: [0], provisioning: [2 * S] });
  expect(rentals).toMatchObject([{ phase: 'Active', account: { servedMs: 3 * S } }]);
});

describe('whatever the history', () => {
  const END = 24_000;
  const window = fc
    .tuple(fc.nat(END), fc.nat(END))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);

  /** Slow but obvious: checks for each millisecond what was true then. */
  function countByTheMillisecond(events: QosEvent[], id: string, fromMs: number, toMs: number) {
    const counted = { servedMs: 0, withoutNodeMs: 0 };
    for (let atMs = fromMs; atMs < toMs; atMs++) {
      const before = events.filter((event) => event.atMs <= atMs);
      const own = before.filter((event) => event.rentalId === id);
      const phase = own.at(-1)?.state ?? 'Pending';
      if (phase !== 'Active' && phase !== 'Migrating' && phase !== 'Lost') continue;
      counted.servedMs++;
      const named = own.filter(({ type }) =>
        ['placed', 'active', 'status', 'lost', 'recovered', 'migrated'].includes(
          type.slice('rental.'.length),
        ),
      );
      const node = named.at(-1)?.node;
      const last = before.findLast((event) => event.rentalId === null && event.node === node);
      if (phase === 'Lost' || last?.isUnreachable || last?.state === 'dead') counted.withoutNodeMs++;
    }
    return counted;
  }

  it('the times are those that a look at each moment gives', () => {
    const short = fc.tuple(fc.nat(3_000), fc.integer({ min: 1, max: 500 }));
    fc.assert(
      fc.property(anyHistory, short, (events, [fromMs, length]) => {
        const { rentals } = askAbout(events, fromMs, fromMs + length);
        for (const { id, account } of rentals) {
          const { servedMs, withoutNodeMs } = account;
          expect({ servedMs, withoutNodeMs }).toEqual(
            countByTheMillisecond(events, id, fromMs, fromMs + length),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('no client is without a node for longer than they were to have one, and no time is negative', () => {
    fc.assert(
      fc.property(anyHistory, window, (events, [fromMs, toMs]) => {
        const { total, rentals, buckets } = askAbout(events, fromMs, toMs);
        for (const { servedMs, withoutNodeMs } of [
          total,
          ...rentals.map(({ account }) => account),
          ...buckets,
        ]) {
          expect(withoutNodeMs).toBeGreaterThanOrEqual(0);
          expect(withoutNodeMs).toBeLessThanOrEqual(servedMs);
        }
        for (const { account } of rentals) expect(account.servedMs).toBeLessThanOrEqual(toMs - fromMs);
        for (const times of Object.values(total.times))
          for (const ms of times) expect(ms).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('the buckets are the window, and what is in them is the total', () => {
    fc.assert(
      fc.property(anyHistory, window, fc.boolean(), (events, [fromMs, toMs], ofFleet) => {
        const { total, buckets } = askAbout(events, fromMs, toMs, ofFleet);
        const sum = (of: (bucket: (typeof buckets)[number]) => number) =>
          buckets.reduce((all, b) => all + of(b), 0);
        expect(sum((bucket) => bucket.toMs - bucket.fromMs)).toBe(toMs - fromMs);
        expect(sum(({ servedMs }) => servedMs)).toBe(total.servedMs);
        expect(sum(({ withoutNodeMs }) => withoutNodeMs)).toBe(total.withoutNodeMs);
        expect(sum(({ outages }) => outages)).toBe(total.outages);
        expect(sum(({ moves }) => moves)).toBe(total.moves);
        for (const kind of ['detection', 'move'] as const) {
          const charted = buckets.flatMap(({ times }) => times[kind]);
          expect(charted.toSorted((a, b) => a - b)).toEqual(total.times[kind].toSorted((a, b) => a - b));
        }
      }),
    );
  });

  it('a node that was there all the time is in one state at each moment', () => {
    fc.assert(
      fc.property(anyHistory, window, (events, [fromMs, toMs]) => {
        const births = ['w1', 'w2', 'w3'].map((name, index) => ({
          seq: index - 10,
          type: 'node.free' as const,
          atMs: -1,
          rentalId: null,
          node: name,
          tenant: null,
          state: 'free' as const,
          isUnreachable: false,
        }));
        for (const { nodes, fromMs: since, toMs: until } of askAbout([...births, ...events], fromMs, toMs)
          .buckets) {
          expect([...nodes.values()].reduce((all, ms) => all + ms, 0)).toBe(3 * (until - since));
        }
      }),
    );
  });

  it('two windows one after the other add up to the one that spans them', () => {
    fc.assert(
      fc.property(
        anyHistory,
        window,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (events, [fromMs, toMs], part) => {
          const middleMs = fromMs + Math.floor(part * (toMs - fromMs));
          const whole = askAbout(events, fromMs, toMs).total;
          const [a, b] = [askAbout(events, fromMs, middleMs).total, askAbout(events, middleMs, toMs).total];
          for (const key of ['servedMs', 'withoutNodeMs', 'outages', 'moves', 'plannedMoves'] as const) {
            expect(a[key] + b[key], key).toBe(whole[key]);
          }
          for (const key of ['detection', 'move', 'outage', 'provisioning', 'queueWait'] as const) {
            const sorted = (times: number[]) => times.toSorted((x, y) => x - y);
            expect(sorted([...a.times[key], ...b.times[key]]), key).toEqual(sorted(whole.times[key]));
          }
        },
      ),
    );
  });

  it('a new leader that says again what was said before changes nothing', () => {
    fc.assert(
      fc.property(anyHistory, fc.nat(), (events, at) => {
        const position = at % (events.length + 1);
        const last = new Map<string, QosEvent>();
        for (const event of events.slice(0, position)) {
          // A node that was bound meanwhile is in another state than its last event says.
          if (event.node === null) continue;
          if (event.rentalId === null) last.set(event.node, event);
          else last.delete(event.node);
        }
        const atMs = events[position - 1]?.atMs ?? 0;
        const again = [...last.values()].map((event) => ({
          ...event,
          type: 'node.condition' as const,
          atMs,
        }));
        const told = [...events.slice(0, position), ...again, ...events.slice(position)];
        const numbered = told.map((event, index) => ({ ...event, seq: index + 1 }));
        const { total } = askAbout(numbered, 0, END);
        expect(total).toEqual(askAbout(events, 0, END).total);
      }),
    );
  });
});
