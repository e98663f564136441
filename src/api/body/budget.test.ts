import { expect, test } from 'vitest';
import { createBodyBudget } from './budget.ts';

const isIn = (place: object) => 'leave' in place;

test('what one place may not have another one may, until all have what there is', () => {
  const budget = createBodyBudget({ perPlace: 10, all: 25 });
  const first = budget.enter(['a', 'tenant'], 10);
  expect(isIn(first)).toBe(true);
  expect(budget.enter(['a'], 1)).toEqual({ full: 'place' });
  expect(budget.enter(['b', 'tenant'], 1)).toEqual({ full: 'place' });
  expect(isIn(budget.enter(['b'], 10))).toBe(true);
  expect(budget.enter(['c'], 6)).toEqual({ full: 'all' });
  expect(isIn(budget.enter(['c'], 5))).toBe(true);
});

test('who leaves twice makes room once', () => {
  const budget = createBodyBudget({ perPlace: 10, all: 15 });
  const first = budget.enter(['a'], 10);
  budget.enter(['b'], 5);
  if ('leave' in first) {
    first.leave();
    first.leave();
  }
  expect(isIn(budget.enter(['a'], 10))).toBe(true);
  expect(budget.enter(['c'], 1)).toEqual({ full: 'all' });
});
