import { expect, it } from 'vitest';
import type { Condition } from '../core/model/condition.ts';
import { createAnnouncedConditions } from './announced-conditions.ts';

const failing = (reason: Condition['reason'], since = 'monday'): Condition => ({
  type: 'Reachable',
  status: 'False',
  reason,
  message: '',
  lastTransitionTime: since,
});

it('each reason is news once in each spell, whatever takes turns', () => {
  const announced = createAnnouncedConditions();
  const turns = ['DialTimeout', 'ConnectionRefused', 'DialTimeout', 'ConnectionRefused'] as const;
  const news = (since: string) =>
    turns.map((reason) => {
      const isNews = announced.isNews('a', failing(reason, since));
      announced.note('a', [failing(reason, since)]);
      return isNews;
    });
  expect(news('monday')).toEqual([true, true, false, false]);
  expect(news('tuesday')).toEqual([true, true, false, false]);
});

it('what was not saved was not announced, and one node says nothing of another', () => {
  const announced = createAnnouncedConditions();
  expect(announced.isNews('a', failing('DialTimeout'))).toBe(true);
  expect(announced.isNews('a', failing('DialTimeout'))).toBe(true);
  announced.note('a', [failing('DialTimeout')]);
  expect(announced.isNews('b', failing('DialTimeout'))).toBe(true);
  announced.forget('a');
  expect(announced.isNews('a', failing('DialTimeout'))).toBe(true);
});
