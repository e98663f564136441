import { expect, it } from 'vitest';
import type { StoredEvent } from './event.ts';
import { viewPool } from './pool-view.ts';
import { NOW } from './rows.fixture.ts';

const entry = (seq: number, message: string): StoredEvent => ({
  ...{ seq, type: 'pool.breaker_opened', at: NOW, rentalId: null, node: null, tenant: null },
  ...{ reason: 'MigrationHeld', message, object: null },
});

it('says whether clients are moved, and since when, by what the history says last', () => {
  expect(viewPool(null, null).conditions[0]).toMatchObject({ type: 'MovesAllowed', status: 'True' });
  expect(viewPool(entry(7, '5 of 10'), entry(3, 'well'))).toEqual({
    conditions: [
      {
        type: 'MovesAllowed',
        status: 'False',
        reason: 'MigrationHeld',
        message: '5 of 10',
        lastTransitionTime: NOW.toISOString(),
      },
    ],
  });
  expect(viewPool(entry(7, '5 of 10'), entry(9, 'well')).conditions[0]).toMatchObject({
    status: 'True',
    reason: 'MigrationResumed',
    message: 'well',
  });
});
