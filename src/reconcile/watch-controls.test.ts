import { beforeEach, expect, it } from 'vitest';
import { CLOSED_BREAKER, UNSEEN_BREAKER } from '../core/health/breaker.ts';
import { type Controls, NO_CONTROLS } from '../core/model/controls.ts';
import type { Node } from '../core/model/node.ts';
import type { Save } from '../core/ports/saves.ts';
import { aNode, NOW } from '../core/rows.fixture.ts';
import { DeposedError } from './context.ts';
import { createControlsWatch } from './watch-controls.ts';

const OPEN = { ...CLOSED_BREAKER, open: true };
const ask = { reason: 'rack-a burnt', by: 'admin (t_1) of lab', at: NOW };
let controls: Controls;
let nodes: Map<string, Node>;
let saves: Save[];
let answer: 'saved' | 'conflict' | 'deposed';
let changes: number;
let paused: boolean[];

beforeEach(() => {
  controls = NO_CONTROLS;
  nodes = new Map(['a', 'b'].map((name) => [name, aNode(name)]));
  [saves, answer, changes, paused] = [[], 'saved', 0, []];
});

const dies = (name: string, at = NOW) =>
  nodes.set(name, aNode(name, { record: { state: 'dead', stateSince: at } }));
const overrideAsked = (number: number, isUsed = false) => {
  controls = { ...controls, override: { ...ask, number, isUsed } };
};

/** One term of leadership. */
function lead() {
  const context = {
    fleet: { nodes: { all: () => nodes.values(), get: (name: string) => nodes.get(name) } },
    store: {
      loadControls: async () => controls,
      save: async (_: unknown, save: Save) => {
        saves.push(save);
        if (answer === 'saved' && save.overrideUsed !== undefined) overrideAsked(save.overrideUsed, true);
        return { kind: answer, fence: 1 };
      },
    },
    leadership: { token: 1 },
    clock: { now: () => NOW },
    logger: { warn: () => undefined },
    metrics: { pausedIs: (isPaused: boolean) => paused.push(isPaused) },
  };
  return createControlsWatch(context as never, () => {
    changes++;
  });
}

it('knows of a pause from the pass after it on, and has all looked at when it begins and ends', async () => {
  const watch = lead();
  await watch.read(CLOSED_BREAKER);
  expect([watch.pause(), changes]).toEqual([null, 0]);
  controls = { ...NO_CONTROLS, pause: ask };
  await watch.read(CLOSED_BREAKER);
  await watch.read(CLOSED_BREAKER);
  expect([watch.pause(), changes]).toEqual([ask, 1]);
  controls = NO_CONTROLS;
  await watch.read(CLOSED_BREAKER);
  expect([watch.pause(), changes]).toEqual([null, 2]);
  expect(paused).toEqual([false, true, true, false]);
});

it('an override counts for those that are dead then, for that death, and is used up before it counts', async () => {
  const watch = lead();
  dies('a');
  overrideAsked(1);
  answer = 'conflict';
  await watch.read(OPEN);
  expect([watch.isOverridden('a'), changes]).toEqual([false, 0]);
  answer = 'saved';
  await watch.read(OPEN);
  expect([watch.isOverridden('a'), watch.isOverridden('b'), changes]).toEqual([true, false, 1]);
  expect(saves.at(-1)).toMatchObject({ overrideUsed: 1, events: [{ type: 'pool.override_used' }] });
  expect(saves.at(-1)?.events?.[0]?.message).toMatch(/1 dead node.*admin \(t_1\) of lab: rack-a burnt/);
  dies('b');
  await watch.read(OPEN);
  expect(watch.isOverridden('b')).toBe(false);
  expect(saves).toHaveLength(2);
  nodes.set('a', aNode('a'));
  expect(watch.isOverridden('a')).toBe(false);
  dies('a', new Date(NOW.getTime() + 1));
  expect(watch.isOverridden('a')).toBe(false);
});

it('an override ends with the breaker, and with the term of who took it up', async () => {
  const watch = lead();
  dies('a');
  overrideAsked(1);
  await watch.read(OPEN);
  const next = lead();
  await next.read(OPEN);
  expect(next.isOverridden('a')).toBe(false);
  await watch.read(CLOSED_BREAKER);
  await watch.read(OPEN);
  expect(watch.isOverridden('a')).toBe(false);
});

it('an override waits until the fleet was looked at, and is used up for nothing when the breaker has closed', async () => {
  const watch = lead();
  dies('a');
  overrideAsked(1);
  await watch.read(UNSEEN_BREAKER);
  expect(saves).toEqual([]);
  await watch.read(CLOSED_BREAKER);
  expect(watch.isOverridden('a')).toBe(false);
  expect(saves[0]?.events?.[0]?.message).toContain('the breaker had closed by then');
});

it('who is deposed overrides nothing', async () => {
  const watch = lead();
  dies('a');
  overrideAsked(1);
  answer = 'deposed';
  await expect(watch.read(OPEN)).rejects.toThrow(DeposedError);
  expect(watch.isOverridden('a')).toBe(false);
});
