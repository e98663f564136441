import { expect, test } from 'vitest';
import { AT, nodeOf } from './dashboard.fixture.ts';
import { contactOf } from './node-contact.ts';

test('the last question is not told as the last answer', () => {
  const silent = contactOf(nodeOf('w1', { state: 'dead', failing: 'DialTimeout' }));
  expect(silent).toEqual([
    ['No good answer since', AT],
    ['Last checked', AT],
  ]);
  expect(contactOf(nodeOf('w1'))).toEqual([['Last checked', AT]]);
});
