import { expect, test } from 'vitest';
import type { Metrics } from '../core/ports/metrics.ts';
import type { Save, SaveResult } from '../core/ports/saves.ts';
import type { ReconcileStore } from '../core/ports/stores.ts';
import { countSaves } from './counted-saves.ts';

const save = {
  events: [{ type: 'rental.lost', reason: 'NoFreeNode' }],
} as unknown as Save;

function count(answer: () => Promise<SaveResult>, saved = save) {
  const counted: unknown[] = [];
  const woken: true[] = [];
  const metrics = { eventsSaved: (events: unknown) => void counted.push(events) } as unknown as Metrics;
  const store = countSaves(
    { save: answer } as unknown as ReconcileStore,
    metrics,
    () => void woken.push(true),
  );
  return { counted, woken, saved: store.save({ token: 1 }, saved) };
}

test('events are counted when they were saved', async () => {
  const { counted, saved } = count(async () => ({ kind: 'saved', fence: 7 }));
  expect(counted).toEqual([]);
  expect(await saved).toEqual({ kind: 'saved', fence: 7 });
  expect(counted).toEqual([save.events]);
});

const told = { events: [{ ...save.events[0], notice: { type: 'rental.lost' } }] } as unknown as Save;

test('who tells clients is woken when there is something to tell, and it was saved', async () => {
  const wakes = async (kind: 'saved' | 'conflict', what: Save) => {
    const { woken, saved } = count(async () => ({ kind, fence: 7 }) as SaveResult, what);
    expect(woken).toEqual([]);
    await saved;
    return woken.length;
  };
  expect(await wakes('saved', told)).toBe(1);
  expect(await wakes('saved', save)).toBe(0);
  expect(await wakes('conflict', told)).toBe(0);
});

test.each([['conflict'], ['deposed']] as const)('a save that ended in %s counts nothing', async (kind) => {
  const { counted, saved } = count(async () => ({ kind }));
  expect(await saved).toEqual({ kind });
  expect(counted).toEqual([]);
});

test('nor does one that failed', async () => {
  const { counted, saved } = count(() => Promise.reject(new Error('away')));
  await expect(saved).rejects.toThrow('away');
  expect(counted).toEqual([]);
});

test('everything else is the store’s own, also what changes later', async () => {
  const names = ['w1'];
  const store = { listDirtyNodes: async () => names, save: async () => ({ kind: 'deposed' }) };
  const counted = countSaves(store as unknown as ReconcileStore, {} as Metrics, () => undefined);
  expect(await counted.listDirtyNodes()).toEqual(['w1']);
  store.listDirtyNodes = async () => ['w2'];
  expect(await counted.listDirtyNodes()).toEqual(['w2']);
});
