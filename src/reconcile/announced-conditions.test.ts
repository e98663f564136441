import { expect, it } from 'vitest';
import type { Condition } from '../core/model/condition.ts';
import { createTold } from './announced-conditions.ts';

const failing = (reason: Condition['reason'], since = 'monday'): Condition => ({
  type: 'Reachable',
  status: 'False',
  reason,
  message: '',
  lastTransitionTime: since,
});

it('each reason is news once in each spell, whatever takes turns', () => {
  const told = createTold();
  const turns = ['DialTimeout', 'ConnectionRefused', 'DialTimeout', 'ConnectionRefused'] as const;
  const news = (since: string) =>
    turns.map((reason) => {
      const isNews = told.isNews('a', failing(reason, since));
      told.note('a', [failing(reason, since)]);
      return isNews;
    });
  expect(news('monday')).toEqual([true, true, false, false]);
  expect(news('tuesday')).toEqual([true, true, false, false]);
});

it('what was not saved was not told, and one node says nothing of another', () => {
  const told = createTold();
  expect(told.isNews('a', failing('DialTimeout'))).toBe(true);
  expect(told.isNews('a', failing('DialTimeout'))).toBe(true);
  told.note('a', [failing('DialTimeout')]);
  expect(told.isNews('b', failing('DialTimeout'))).toBe(true);
  told.forget('a');
  expect(told.isNews('a', failing('DialTimeout'))).toBe(true);
});
