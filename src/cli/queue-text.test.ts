import { expect, it } from 'vitest';
import { formatPlace } from './queue-text.ts';

const now = new Date('2026-01-01T12:00:00.000Z');
const inMinutes = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString();

it.each([
  [null, null, '-'],
  [3, null, '3'],
  [2, inMinutes(14.5), '2, about 14 min'],
  [2, inMinutes(119), '2, about 119 min'],
  [2, inMinutes(200), '2, about 3 h'],
  [9, inMinutes(60 * 71), '9, about 3 days'],
  [1, inMinutes(1), '1, any minute'],
  [1, inMinutes(-5), '1, any minute'],
])('place %s with an estimate of %s reads "%s"', (position, estimateAt, text) => {
  expect(formatPlace(position, estimateAt, now)).toBe(text);
});
