import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../model/policy.ts';
import { DEFAULT_LIMITS, leaseOf } from './tenant.ts';

const HOUR_MS = 3_600_000;

test.each([
  ['without a limit it is as the policy says', null, { defaultMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS }],
  ['a limit below the default shortens both', 2 * HOUR_MS, { defaultMs: 2 * HOUR_MS, maxMs: 2 * HOUR_MS }],
  ['a limit above the default leaves it', 8 * HOUR_MS, { defaultMs: 6 * HOUR_MS, maxMs: 8 * HOUR_MS }],
  ['a limit never widens the policy', 99 * HOUR_MS, { defaultMs: 6 * HOUR_MS, maxMs: 12 * HOUR_MS }],
])('%s', (_name, maxTtlMs, lease) => {
  expect(leaseOf(DEFAULT_POLICY, { ...DEFAULT_LIMITS, maxTtlMs })).toMatchObject(lease);
});
