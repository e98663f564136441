import { expect, test } from 'vitest';
import type { DueDelivery } from '../core/ports/delivery.ts';
import { createSlots } from './slots.ts';

let next = 0;
function due(set: Partial<DueDelivery> = {}): DueDelivery {
  next += 1;
  const url = `https://receiver-${next}.example/`;
  return { id: next, rentalId: `r_${next}`, tenant: `t-${next}`, url, attempts: 0, ...set };
}
const takeAll = (slots: ReturnType<typeof createSlots>, list: DueDelivery[]) =>
  list.filter((each) => slots.take(each)).length;
const many = (count: number, set: Partial<DueDelivery> = {}) => Array.from({ length: count }, () => due(set));

test('a rental has one message under way', () => {
  const slots = createSlots({ total: 9, perTenant: 9, perReceiver: 9 });
  const first = due({ rentalId: 'r_x' });
  expect(takeAll(slots, [first, due({ rentalId: 'r_x' }), due()])).toBe(2);
  slots.free(first);
  expect(slots.take(due({ rentalId: 'r_x' }))).toBe(true);
});

test('one receiver, and one tenant, leave room for all others', () => {
  const slots = createSlots({ total: 8, perTenant: 4, perReceiver: 2 });
  expect(takeAll(slots, many(9, { url: 'https://slow.example/a' }))).toBe(2);
  expect(slots.take(due({ url: 'https://slow.example/b' }))).toBe(false);
  expect(slots.take(due({ url: 'https://slow.example:8443/' }))).toBe(true);
  expect(takeAll(slots, many(9, { tenant: 't' }))).toBe(4);
  expect(takeAll(slots, many(9))).toBe(1);
});

test('a refused one takes nothing, and a freed one leaves nothing', () => {
  const slots = createSlots({ total: 2, perTenant: 2, perReceiver: 1 });
  const [a, b] = [due({ url: 'https://x.example/' }), due({ url: 'https://x.example/' })];
  expect([slots.take(a), slots.take(b), slots.take(b)]).toEqual([true, false, false]);
  slots.free(a);
  expect([slots.take(b), slots.take(due())]).toEqual([true, true]);
});

test('no URL at all is bounded like any other', () => {
  const slots = createSlots({ total: 9, perTenant: 9, perReceiver: 1 });
  expect(takeAll(slots, [due({ url: null }), due({ url: 'nonsense' })])).toBe(1);
});
