import { expect, it } from 'vitest';
import type { Reason } from '../failure/reason.ts';
import type { Condition } from '../model/condition.ts';
import { describeConditionChanges } from './condition-events.ts';

const condition = (type: string, status: Condition['status'], reason: Reason): Condition => ({
  type,
  status,
  reason,
  message: 'm',
  lastTransitionTime: 't',
});
const always = () => true;
const never = () => false;
const well = [condition('Reachable', 'True', 'Alive'), condition('Schedulable', 'True', 'Schedulable')];
const silent = [
  condition('Reachable', 'False', 'DialTimeout'),
  condition('Schedulable', 'False', 'NotAlive'),
];

it('a node that fails a probe is told of once, by the reason', () => {
  expect(describeConditionChanges(well, silent, [], always)).toEqual([
    { type: 'node.suspect', reason: 'DialTimeout', message: 'm' },
  ]);
  expect(describeConditionChanges(silent, well, [], always)).toMatchObject([
    { type: 'node.alive', reason: 'Alive' },
  ]);
  expect(describeConditionChanges(silent, silent, [], always)).toEqual([]);
});

it('a node that was not probed yet is not told of as alive', () => {
  const fresh = [condition('Reachable', 'Unknown', 'NotProbedYet')];
  expect(describeConditionChanges([], fresh, [], always)).toMatchObject([{ type: 'node.condition' }]);
});

it('a failure is told of beside whatever else happened in the same save', () => {
  const broken = [...silent, condition('Provisioned', 'False', 'DiskFull')];
  const told = [{ reason: 'DialTimeout' }];
  expect(describeConditionChanges(well, broken, told, always)).toEqual([
    { type: 'node.condition', reason: 'DiskFull', message: 'Provisioned: m' },
  ]);
});

it('reasons that take turns are told of once each, but every change of the status is', () => {
  const refused = [condition('Reachable', 'False', 'ConnectionRefused')];
  expect(describeConditionChanges(silent, refused, [], always)).toHaveLength(1);
  expect(describeConditionChanges(silent, refused, [], never)).toEqual([]);
  expect(describeConditionChanges(well, silent, [], never)).toHaveLength(1);
});
