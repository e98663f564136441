import { expect, it } from 'vitest';
import type { StoredEvent } from '../history/event.ts';
import { NOW } from '../rows.fixture.ts';
import { viewPool } from './pool-view.ts';

const entry = (seq: number, message: string): StoredEvent => ({
  seq,
  type: 'pool.breaker_opened',
  at: NOW,
  rentalId: null,
  node: null,
  tenant: null,
  reason: 'MigrationHeld',
  message,
  object: null,
});

const view = (opened: StoredEvent | null, closed: StoredEvent | null) =>
  viewPool({ opened, closed, resumed: null });

it('says whether clients are moved, and since when, by what the history says last', () => {
  expect(view(null, null).conditions[0]).toMatchObject({ type: 'MovesAllowed', status: 'True' });
  expect(view(entry(7, '5 of 10'), entry(3, 'well')).conditions[0]).toEqual({
    type: 'MovesAllowed',
    status: 'False',
    reason: 'MigrationHeld',
    message: '5 of 10',
    lastTransitionTime: NOW.toISOString(),
  });
  expect(view(entry(7, '5 of 10'), entry(9, 'well')).conditions[0]).toMatchObject({
    status: 'True',
    reason: 'MigrationResumed',
    message: 'well',
  });
});

it('says who paused it and why, and who overrode the breaker last', () => {
  const told = { opened: null, closed: null, resumed: entry(9, 'by b') };
  const at = new Date(NOW.getTime() + 60_000);
  const asked = { reason: 'new switch', by: 'a of lab', at };
  const paused = viewPool(told, { pause: asked, override: { ...asked, number: 2, isUsed: false } });
  expect(paused.pause).toEqual({ reason: 'new switch', by: 'a of lab', at: at.toISOString() });
  expect(paused.override).toEqual({ ...paused.pause, used: false });
  expect(paused.conditions[1]).toMatchObject({
    type: 'Paused',
    status: 'True',
    reason: 'Paused',
    lastTransitionTime: at.toISOString(),
    message: 'nothing new begins; paused by a of lab: new switch',
  });
  expect(viewPool(told)).toMatchObject({ pause: null, override: null });
  expect(viewPool(told).conditions[1]).toMatchObject({
    type: 'Paused',
    status: 'False',
    reason: 'Resumed',
    lastTransitionTime: NOW.toISOString(),
  });
});
