import { expect, test } from 'vitest';
import type { RentalView } from '../core/view/rental-view.ts';
import { AT, atSecond, rentalOf } from './dashboard.fixture.ts';
import { listRentals, queueOf, requestText } from './rental-list.ts';

const ready = (reason: 'NoFreeNode' | 'Unsatisfiable') =>
  [{ type: 'Ready', status: 'False', reason, message: '', lastTransitionTime: AT }] as const;
const rentals: RentalView[] = [
  { ...rentalOf('a', { node: 'w1' }), createdAt: atSecond(1) },
  { ...rentalOf('b', { node: 'w2' }), createdAt: atSecond(2) },
  rentalOf('c', { phase: 'Lost' }),
  rentalOf('d', { phase: 'Released' }),
  rentalOf('e', { phase: 'Pending', queuePosition: 2, conditions: [...ready('NoFreeNode')] }),
  rentalOf('f', { phase: 'Pending', queuePosition: 1, conditions: [...ready('NoFreeNode')] }),
  rentalOf('g', { phase: 'Pending', conditions: [...ready('Unsatisfiable')] }),
];
const ids = (list: RentalView[]) => list.map(({ id }) => id);

test('what needs a look comes first, then the newest; what ended only when it is asked for', () => {
  expect(ids(listRentals(rentals, { text: '', phase: '' }))).toEqual(['c', 'e', 'f', 'g', 'b', 'a']);
  expect(ids(listRentals(rentals, { text: '', phase: 'all' }))).toEqual(['c', 'e', 'f', 'g', 'b', 'a', 'd']);
  expect(ids(listRentals(rentals, { text: '', phase: 'Released' }))).toEqual(['d']);
  expect(ids(listRentals(rentals, { text: 'W2 anna', phase: '' }))).toEqual(['b']);
});

test('the queue is in the order of its positions, and what can never be fitted stands apart', () => {
  const { waiting, hopeless } = queueOf(rentals);
  expect([ids(waiting), ids(hopeless)]).toEqual([['f', 'e'], ['g']]);
});

test('a request is told in a few words', () => {
  expect(requestText(rentalOf('a'))).toBe('any machine');
  const selector = { matchLabels: { size: 'small' }, zone: 'rack-a' };
  const spec = { ...rentalOf('a').spec, selector };
  expect(requestText({ ...rentalOf('a'), spec })).toBe('size=small, in rack-a');
});
