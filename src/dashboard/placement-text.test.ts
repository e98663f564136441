import { expect, test } from 'vitest';
import type { PlacementView } from '../core/view/rental-view.ts';
import { atSecond } from './dashboard.fixture.ts';
import { cleaningLook, placementLook } from './placement-text.ts';

const placement: PlacementView = {
  epoch: 7,
  node: 'w1',
  startedAt: atSecond(0),
  readyAt: null,
  endedAt: null,
  endReason: null,
  cleanedAt: null,
  cleaning: null,
};
const nowMs = Date.parse(atSecond(3_600));

test('a placement is being prepared, in use, or over for a reason', () => {
  expect(placementLook(placement, nowMs)).toMatchObject({ word: 'Preparing', text: 'for 1h' });
  const ready = { ...placement, readyAt: atSecond(60) };
  expect(placementLook(ready, nowMs)).toMatchObject({ word: 'In use', text: 'for 59m' });
  const ended = { ...ready, endedAt: atSecond(120), endReason: 'NodeDead' };
  expect(placementLook(ended, nowMs)).toMatchObject({ word: 'Node dead', text: 'for 1m' });
  expect(placementLook({ ...ended, readyAt: null }, nowMs).text).toBe('was never ready');
});

test('a placement whose machine is gone is lost, not in use', () => {
  const ready = { ...placement, readyAt: atSecond(60) };
  expect(placementLook(ready, nowMs, atSecond(780))).toEqual({
    tone: 'dead',
    word: 'Lost',
    text: 'for 47m, after 12m in use',
  });
  expect(placementLook(placement, nowMs, atSecond(780)).word).toBe('Preparing');
  expect(placementLook({ ...ready, endedAt: atSecond(120) }, nowMs, atSecond(780)).word).toBe('Ended');
});

test('residue is not there yet, not cleaned, failed to be, or verified gone', () => {
  expect(cleaningLook(placement)).toBeNull();
  const ended = { ...placement, endedAt: atSecond(120) };
  expect(cleaningLook(ended)?.word).toBe('Not cleaned yet');
  const at = atSecond(130);
  const report = {
    attempts: 2,
    outcome: 'failed',
    reason: 'ResidueFound',
    message: 'x',
    at,
    found: null,
  } as const;
  expect(cleaningLook({ ...ended, cleaning: report })).toEqual({
    tone: 'quarantined',
    word: 'Residue found',
    text: 'after 2 tries: x',
  });
  expect(cleaningLook({ ...ended, cleanedAt: atSecond(150) })).toMatchObject({ tone: 'free', text: '30s' });
});
