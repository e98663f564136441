import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDue, type DueKey } from './due.ts';

const at = (ms: number) => new Date(ms);

it('keeps one time per key, and the earliest wins', () => {
  const due = createDue(() => undefined);
  due.markAt('rental/r_1', at(50));
  due.markAt('rental/r_1', at(20));
  due.markAt('rental/r_1', at(30));
  expect(due.take(at(19))).toEqual({ nodes: [], rentals: [] });
  expect(due.take(at(20))).toEqual({ nodes: [], rentals: ['r_1'] });
  expect(due.take(at(99))).toEqual({ nodes: [], rentals: [] });
});

it('gives each key in the first pass after its time, whatever was marked before or since', () => {
  const key = fc.constantFrom<DueKey>('node/a', 'node/b', 'rental/r_1', 'rental/r_2');
  const step = fc.tuple(key, fc.nat(100), fc.nat(5));
  const property = fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
    const due = createDue(() => undefined);
    const wanted = new Map<DueKey, number>();
    let nowMs = 0;
    for (const [name, inMs, passesMs] of steps) {
      due.markAt(name, at(nowMs + inMs));
      wanted.set(name, Math.min(wanted.get(name) ?? Number.POSITIVE_INFINITY, nowMs + inMs));
      nowMs += passesMs;
      const { nodes, rentals } = due.take(at(nowMs));
      const taken = [...nodes.map((node) => `node/${node}`), ...rentals.map((rental) => `rental/${rental}`)];
      const over = [...wanted].filter(([, ms]) => ms <= nowMs).map(([each]) => each);
      expect(taken.toSorted()).toEqual(over.toSorted());
      for (const each of over) wanted.delete(each);
    }
  });
  fc.assert(property);
});

it('forgets everything when a pass has failed', () => {
  const due = createDue(() => undefined);
  due.markNode('a');
  due.markAt('node/b', at(1));
  due.clear();
  expect(due.hasAny()).toBe(false);
  expect(due.take(at(9))).toEqual({ nodes: [], rentals: [] });
});
