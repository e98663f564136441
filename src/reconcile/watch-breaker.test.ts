import { beforeEach, describe, expect, it } from 'vitest';
import { createHealth, type Health } from '../core/health/health.ts';
import type { NewEvent } from '../core/history/event.ts';
import { NEW_INSPECTION_MEMORY } from '../core/model/inspection.ts';
import { DEFAULT_POLICY } from '../core/model/policy.ts';
import { aHealth, aNode, NOW } from '../core/rows.fixture.ts';
import { createOutlook } from './outlook.ts';
import { createBreakerWatch } from './watch-breaker.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
let nowMs: number;
let healths: Map<string, Health>;
let history: NewEvent[];
let anew: number;
let conflicts: number;
/** Nodes that were never verified clean, and nodes with a client on them. */
let fresh: Set<string>;
let rented: Set<string>;
let warned: object[];

/** One term of leadership over five nodes. The history outlives it. */
function lead() {
  const nodeOf = (name: string) => aNode(name, { record: { preparedAt: fresh.has(name) ? null : NOW } });
  const observed = {
    fleet: {
      nodes: { get: nodeOf, all: () => NAMES.map(nodeOf) },
      sharedKeys: { rivalOf: () => null },
      takeChanged: () => [],
      livePlacement: (name: string) => (rented.has(name) ? {} : undefined),
    },
    watcher: {
      takeChanged: () => NAMES,
      health: (name: string) => healths.get(name) ?? createHealth(0),
      inspection: () => NEW_INSPECTION_MEMORY,
      confirmAnew: () => {
        anew += 1;
      },
    },
    policy: () => DEFAULT_POLICY,
    clock: { now: () => NOW, monotonicMs: () => nowMs },
  };
  const context = {
    ...observed,
    outlook: createOutlook(observed as never),
    store: {
      isBreakerOpen: async () => history.at(-1)?.type === 'pool.breaker_opened',
      save: async (_: unknown, { events }: { events: NewEvent[] }) => {
        if (conflicts-- > 0) return { kind: 'conflict' };
        history.push(...events);
        return { kind: 'saved', fence: history.length };
      },
    },
    leadership: { token: 1 },
    logger: { warn: (fields: object) => warned.push(fields) },
    metrics: { breakerIs: () => undefined },
  };
  const watch = createBreakerWatch(context as never, () => undefined);
  /** Null: no node has been probed yet. */
  return async (dead: number | null) => {
    const seen = { lookedAtMs: nowMs };
    const gone = { ...aHealth('dead', 3), ...seen, failingSinceMs: nowMs - 60_000, confirmingSinceMs: 0 };
    const looked = dead === null ? [] : NAMES.map((_, index) => index < dead);
    healths = new Map(
      looked.map((isDead, index) => [
        NAMES[index] as string,
        isDead ? gone : { ...aHealth('alive'), ...seen },
      ]),
    );
    const breaker = watch.update();
    await watch.tell();
    return breaker.open;
  };
}

describe('the history of the breaker', () => {
  beforeEach(() => {
    nowMs = 0;
    history = [];
    anew = 0;
    conflicts = 0;
    [fresh, rented, warned] = [new Set(), new Set(), []];
  });

  it('does not count nodes that were never verified, neither as unhealthy nor in the total', async () => {
    fresh = new Set(['a', 'b', 'c']);
    const look = lead();
    expect(await look(0)).toBe(false);
    expect(await look(3)).toBe(false);
    // Two of the two nodes that count.
    expect(await look(5)).toBe(true);
    expect(history[0]?.message).toContain('2 of 2 nodes');
  });

  it('counts a node with a client on it, whatever is known of it', async () => {
    fresh = new Set(['a', 'b', 'c']);
    rented = new Set(['a', 'b', 'c']);
    expect(await lead()(3)).toBe(true);
  });

  it('warns of no breaker that only a new leader holds until it has looked', async () => {
    const look = lead();
    await look(null);
    await look(0);
    expect(warned).toEqual([]);
    await look(3);
    expect(warned).toMatchObject([{ open: true }]);
  });

  it('tells it again when the save met another one', async () => {
    const look = lead();
    conflicts = 1;
    await look(3);
    expect(history).toEqual([]);
    await look(3);
    expect(history).toMatchObject([{ type: 'pool.breaker_opened' }]);
  });

  it('tells once that it opened and once that it closed, with the numbers', async () => {
    const look = lead();
    expect(await look(0)).toBe(false);
    expect(history).toEqual([]);
    expect(await look(3)).toBe(true);
    expect(await look(4)).toBe(true);
    expect(history).toMatchObject([
      {
        type: 'pool.breaker_opened',
        reason: 'MigrationHeld',
        message: 'no rental is moved; when it opened: 3 of 5 nodes (60 %) are unhealthy; the limit is 40 %',
      },
    ]);
    await look(1);
    nowMs = 60_000;
    // The cooldown is over: nodes that are still dead are probed anew before any rental is moved.
    expect(await look(1)).toBe(true);
    expect(anew).toBe(1);
    nowMs = 61_000;
    expect(await look(1)).toBe(false);
    expect(history.map(({ type }) => type)).toEqual(['pool.breaker_opened', 'pool.breaker_closed']);
  });

  it('is no news of a leader that has not looked yet, but closes what an earlier one opened', async () => {
    // Held open, but nothing is known yet.
    expect(await lead()(null)).toBe(true);
    expect(history).toEqual([]);
    await lead()(5);
    expect(history).toHaveLength(1);
    const look = lead();
    expect(await look(null)).toBe(true);
    expect(await look(5)).toBe(true);
    expect(history).toHaveLength(1);
    expect(await lead()(0)).toBe(false);
    expect(history.map(({ type }) => type)).toEqual(['pool.breaker_opened', 'pool.breaker_closed']);
  });
});
