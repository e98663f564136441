import { expect, test } from 'vitest';
import { AT, atSecond, readyOf, rentalOf } from './dashboard.fixture.ts';
import { waitText } from './wait-text.ts';

const now = Date.parse(AT);
const waits = (seconds: number | null, changes = {}) =>
  rentalOf('r_1', {
    phase: 'Pending',
    queuePosition: 2,
    queueEstimateAt: seconds === null ? null : atSecond(seconds),
    ...changes,
  });

test.each([
  [12 * 60, 'about 12 min'],
  [12 * 60 + 59, 'about 12 min'],
  [11 * 60 + 59, 'about 11 min'],
  [119 * 60, 'about 119 min'],
  [3 * 3_600, 'about 3 h'],
  [72 * 3_600, 'about 3 days'],
  [60, 'any minute now'],
  [-59, 'any minute now'],
  [-5 * 60, 'longer than expected, by 5 min so far'],
  [null, 'unknown'],
])('an estimate %s seconds away is told as %s', (seconds, text) => {
  expect(waitText(waits(seconds), now)).toBe(text);
});

test('a pause has no end that is known, whatever was thought before', () => {
  const conditions = [readyOf('Paused')];
  expect(waitText(waits(720, { conditions }), now)).toBe('unknown while Orion is paused');
});

test('who is not in the queue is not told of a wait', () => {
  expect(waitText(waits(720, { queuePosition: null }), now)).toBeNull();
});
