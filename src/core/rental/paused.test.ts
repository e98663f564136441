import { describe, expect, it } from 'vitest';
import { CLOSED_BREAKER } from '../health/breaker.ts';
import { DEFAULT_POLICY } from '../model/policy.ts';
import type { Rental } from '../model/rental.ts';
import { aNode, aPlacement, aRental, END, NOW } from '../rows.fixture.ts';
import { decideRental } from './decide.ts';
import type { RentalInputs } from './decision.ts';

const a = aNode('a', { record: { state: 'allocated' } });
const dead = aNode('a', { record: { state: 'dead' } });
const b = aNode('b');
const pause = { reason: 'new switch', by: 'admin (t_1) of lab', at: NOW };

function decide(
  rental: Rental,
  { nodes = [a, b], ...set }: Partial<RentalInputs> & { nodes?: (typeof a)[] } = {},
) {
  return decideRental({
    rental,
    breaker: CLOSED_BREAKER,
    isOverridden: () => false,
    pause,
    choose: () => ({ kind: 'node', node: b }),
    turn: () => ({ isNow: true }),
    place: { position: 2, estimateAt: END },
    policy: DEFAULT_POLICY,
    now: NOW,
    ...set,
    nodeOf: (name) => nodes.find(({ spec }) => spec.name === name),
  });
}
const served = aRental({ record: { phase: 'Active' }, placements: [aPlacement(1, 'a')] });

describe('while an operator has paused it', () => {
  it('nobody gets a node; who waits is told why, and not by whom', () => {
    const first = decide(aRental());
    expect(first).toMatchObject({
      phase: 'Pending',
      reason: 'Paused',
      place: { position: 2, estimateAt: null },
      event: 'rental.waiting',
    });
    expect(first.change.kind).toBe('none');
    expect(first.message).toContain('new switch');
    expect(first.message).not.toContain('admin');
    expect(decide(aRental(), { pause: null }).change.kind).toBe('bind');
  });

  it('nobody is moved from a dead node, and is Lost with that reason', () => {
    const held = decide(served, { nodes: [dead, b] });
    expect(held).toMatchObject({ phase: 'Lost', reason: 'Paused', event: 'rental.lost', lostAt: NOW });
    expect(held.change.kind).toBe('none');
    expect(decide(served, { nodes: [dead, b], pause: null }).change.kind).toBe('bind');
  });

  it.each([
    ['released', { releaseRequestedAt: NOW }, NOW],
    ['over', {}, END],
  ])('no placement ends that is %s, and the rental does not end', (_name, set, now) => {
    const held = decide({ ...served, ...set }, { now });
    expect(held).toMatchObject({ phase: 'Active', reason: 'Paused', ended: false });
    expect(held.change.kind).toBe('none');
    expect(decide({ ...served, ...set }, { now, pause: null }).change.kind).toBe('end');
  });

  it('a served client stays served, and a move whose access was confirmed is completed', () => {
    expect(decide(served)).toMatchObject({
      phase: 'Active',
      reason: 'Provisioned',
      change: { kind: 'none' },
    });
    const placements = [aPlacement(1, 'a'), aPlacement(2, 'b', { role: 'incoming' })];
    const moving = aRental({ record: { phase: 'Migrating' }, placements });
    expect(decide(moving, { nodes: [dead, b] }).change.kind).toBe('promote');
  });
});
