import { describe, expect, it } from 'vitest';
import { CLOSED_BREAKER } from '../health/breaker.ts';
import { decideRental } from '../rental/decide.ts';
import { suspect } from '../rental/suspicion.ts';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import type { Condition } from './condition.ts';
import { FILL_WINDOW_MS, recordFill, type SeenFill, setSuspected, suspectFill } from './listener-fill.ts';
import { DEFAULT_POLICY } from './policy.ts';
import type { Placement, RecordedFill } from './rental.ts';

const at = (ms: number) => new Date(NOW.getTime() + ms);
const { uid } = aPlacement(1, 'a');
const fillAt = (ms: number): SeenFill => ({ uid, connections: 97, at: at(ms) });
const ready: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Provisioned',
  message: 'm',
  lastTransitionTime: NOW.toISOString(),
};

function record(
  old: RecordedFill | null,
  fill: SeenFill | null,
  now: Date,
  placement: Partial<Placement> = {},
): RecordedFill | null {
  const rental = aRental({ record: { listenerFill: old }, placements: [aPlacement(1, 'a', placement)] });
  return recordFill(rental, (node) => (node === 'a' ? fill : null), now);
}

const once = record(null, fillAt(0), at(0));
const twice = record(once, fillAt(60_000), at(60_000));
const rentalWith = (listenerFill: RecordedFill | null) =>
  aRental({ record: { observedGeneration: 1, listenerFill } });

describe('a rental whose account filled the listener of its node', () => {
  it('says so, and is not suspected for the first time', () => {
    expect(setSuspected([ready], once)).toEqual([
      ready,
      {
        type: 'Suspected',
        status: 'Unknown',
        reason: 'ListenerFilled',
        message: expect.stringContaining('97 connections to the SSH server of a'),
        lastTransitionTime: at(0).toISOString(),
      },
    ]);
    expect(suspect(rentalWith(once), DEFAULT_POLICY, at(1))).toBeNull();
  });

  it('is suspected for the second time within an hour, until the hour has passed', () => {
    expect(setSuspected(setSuspected([ready], once), twice)).toMatchObject([
      ready,
      { status: 'True', lastTransitionTime: at(60_000).toISOString() },
    ]);
    const until = at(60_000 + FILL_WINDOW_MS);
    expect(suspect(rentalWith(twice), DEFAULT_POLICY, at(60_001))).toMatchObject({
      reason: 'ListenerFilled',
      until,
    });
    expect(suspectFill(rentalWith(twice), until)).toBeNull();
  });

  it('is counted once for each deed, however often it is looked at', () => {
    expect(record(once, fillAt(0), at(90_000))).toBe(once);
    const conditions = setSuspected([ready], once);
    expect(setSuspected(conditions, once)).toBe(conditions);
  });

  it('is forgiven after an hour', () => {
    expect(record(twice, null, at(60_000 + FILL_WINDOW_MS - 1))).toBe(twice);
    expect(record(twice, null, at(60_000 + FILL_WINDOW_MS))).toBeNull();
    expect(setSuspected(setSuspected([ready], twice), null)).toEqual([ready]);
    expect(record(once, fillAt(FILL_WINDOW_MS), at(FILL_WINDOW_MS))).toMatchObject({ isRepeated: false });
  });
});

describe('when its node dies, or is to be emptied', () => {
  const now = at(61_000);
  const free = aNode('b');
  const decide = (listenerFill: RecordedFill | null, node: ReturnType<typeof aNode>) =>
    decideRental({
      rental: aRental({
        record: { phase: 'Active', observedGeneration: 1, listenerFill },
        placements: [aPlacement(1, 'a')],
      }),
      nodeOf: (name) => (name === 'a' ? node : free),
      breaker: CLOSED_BREAKER,
      isOverridden: () => false,
      pause: null,
      choose: () => ({ kind: 'node', node: free }),
      turn: () => ({ isNow: true }) as never,
      place: null,
      policy: DEFAULT_POLICY,
      now,
    });
  const dead = aNode('a', { record: { state: 'dead' } });

  it('is moved after the first time, and stays after the second', () => {
    expect(decide(once, dead).phase).toBe('Migrating');
    expect(decide(twice, dead)).toMatchObject({
      phase: 'Lost',
      reason: 'ListenerFilled',
      change: { kind: 'none' },
    });
  });

  it('leaves a living node all the same', () => {
    const drained = aNode('a', { record: { state: 'allocated' }, requests: { draining: true } });
    expect(decide(twice, drained).phase).toBe('Migrating');
  });
});

it.each([
  ['another account of the node did it', { uid: uid + 1 }],
  ['the placement has ended', { endedAt: NOW }],
  ['it was on another node', { node: 'b' }],
])('is not blamed when %s', (_why, placement) => {
  expect(record(null, fillAt(0), at(0), placement)).toBeNull();
});
