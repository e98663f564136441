import { expect, test } from 'vitest';
import { eventOf } from './dashboard.fixture.ts';
import { announcementOf, eventTitle, matchesEvent, mergeEvents } from './event-look.ts';

test('events are merged newest first, each once', () => {
  const merged = mergeEvents(
    [eventOf(3, 'node.free'), eventOf(1, 'node.dead')],
    [...[eventOf(2, 'node.alive'), eventOf(3, 'node.free')]],
  );
  expect(merged.map(({ seq }) => seq)).toEqual([3, 2, 1]);
});

test('the name of a rental that has ended stays known when its event came by a watch, too', () => {
  const live = eventOf(1, 'rental.released', { rental: 'r_1' });
  const named = { ...live, rentalName: 'mine' };
  for (const merged of [mergeEvents([named], [live]), mergeEvents([live], [named])]) {
    expect(merged.map(({ rentalName }) => rentalName)).toEqual(['mine']);
  }
});

test('events are filtered by kind, type, and what they are about', () => {
  const event = eventOf(1, 'node.cleaning_failed', { node: 'worker_1', message: 'disk full' });
  const matches = (type: string, about = '') => matchesEvent(event, { type, about });
  expect([matches(''), matches('node'), matches('node.cleaning_failed')]).toEqual([true, true, true]);
  expect([matches('rental'), matches('node.cleaning'), matches('no')]).toEqual([false, false, false]);
  expect([matches('', 'WORKER_1'), matches('', 'disk'), matches('', 'worker_2')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(eventTitle(event.type)).toBe('Cleaning failed');
});

test('only what is worth an interruption is said aloud', () => {
  const dead = eventOf(1, 'node.dead', { node: 'w1', message: 'no answer' });
  expect(announcementOf(dead)).toBe('w1 is dead: no answer');
  expect(announcementOf(eventOf(2, 'rental.migrated', { message: 'moved from w1 to w2' }))).toBe(
    'Rental migrated: moved from w1 to w2',
  );
  expect(announcementOf(eventOf(3, 'node.condition'))).toBeNull();
});
