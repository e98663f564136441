import { expect, test } from 'vitest';
import { AT, readyOf, rentalOf } from './dashboard.fixture.ts';
import { lostSince } from './rental-look.ts';

test('a rental is lost while its machine is gone, also while another is prepared, and at no other time', () => {
  const down = [readyOf('NodeDead')];
  const up = [{ ...readyOf('Migrating'), status: 'True' as const }];
  expect(lostSince(rentalOf('a', { phase: 'Lost', conditions: down }))).toBe(AT);
  expect(lostSince(rentalOf('a', { phase: 'Migrating', conditions: down }))).toBe(AT);
  expect(lostSince(rentalOf('a', { phase: 'Migrating', conditions: up }))).toBeNull();
  expect(lostSince(rentalOf('a', { phase: 'Active', conditions: up }))).toBeNull();
  expect(lostSince(rentalOf('a', { phase: 'Provisioning', conditions: down }))).toBeNull();
});
