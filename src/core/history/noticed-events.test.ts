import { expect, it } from 'vitest';
import { EVENT_TYPES } from './event.ts';
import { NOTICE_TYPES } from './notice.ts';
import { noticeOf } from './noticed-events.ts';

it.each([
  ['rental.active', 'Provisioning', 'Active', 'rental.active'],
  ['rental.recovered', 'Lost', 'Active', 'rental.active'],
  ['rental.migrated', 'Migrating', 'Active', 'rental.migrated'],
  ['rental.lost', 'Active', 'Lost', 'rental.lost'],
  // The node that it was moving to died.
  ['rental.placement_failed', 'Migrating', 'Lost', 'rental.lost'],
  ['rental.expiring', 'Active', 'Active', 'rental.expiring'],
  ['rental.expiring', 'Lost', 'Lost', 'rental.expiring'],
  ['rental.released', 'Releasing', 'Released', 'rental.released'],
  ['rental.failed', 'Pending', 'Failed', 'rental.failed'],
] as const)('%s, from %s to %s, is told as %s', (event, before, after, told) => {
  expect(noticeOf(event, before, after)).toBe(told);
});

it.each([
  // Only the reason changed.
  ['rental.lost', 'Lost', 'Lost'],
  ['rental.migrating', 'Lost', 'Migrating'],
  ['rental.placement_failed', 'Provisioning', 'Pending'],
  ['rental.placed', 'Pending', 'Provisioning'],
  ['rental.expired', 'Active', 'Releasing'],
  ['rental.status', 'Active', 'Active'],
] as const)('%s, from %s to %s, is not told', (event, before, after) => {
  expect(noticeOf(event, before, after)).toBeNull();
});

it('whatever is told is an event of the history, too', () => {
  expect(EVENT_TYPES).toEqual(expect.arrayContaining([...NOTICE_TYPES]));
});
