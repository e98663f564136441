import { expect, test } from 'vitest';
import type { Reason } from '../core/failure/reason.ts';
import type { Condition } from '../core/model/condition.ts';
import { conditionLook } from './condition-look.ts';
import { AT } from './dashboard.fixture.ts';

const look = (type: string, status: Condition['status'], reason: Reason) =>
  conditionLook({ type, status, reason, message: '', lastTransitionTime: AT });

test('what a healthy node or an ended rental is not, is told without an alarm', () => {
  expect(look('Provisioned', 'False', 'NotProvisioned')).toEqual({ tone: 'taken', word: 'No' });
  expect(look('Provisioned', 'False', 'Provisioning').tone).toBe('taken');
  expect(look('Clean', 'False', 'NotVerified').tone).toBe('taken');
  expect(look('Ready', 'False', 'Released').tone).toBe('taken');
});

test('what is wrong stands out', () => {
  const wrong = [
    look('Provisioned', 'False', 'DiskFull'),
    look('Clean', 'False', 'ResidueFound'),
    look('Clean', 'False', 'Quarantined'),
    look('Reachable', 'False', 'DialTimeout'),
    look('Reachable', 'False', 'Recovering'),
    look('Ready', 'False', 'NoFreeNode'),
  ];
  for (const each of wrong) expect(each).toEqual({ tone: 'quarantined', word: 'No' });
  expect(look('Clean', 'True', 'Clean')).toEqual({ tone: 'free', word: 'Yes' });
  expect(look('Reachable', 'Unknown', 'NotProbedYet').tone).toBe('unknown');
});
