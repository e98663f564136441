import { describe, expect, test } from 'vitest';
import { atSecond, nodeOf, poolOf, rentalOf } from './dashboard.fixture.ts';
import { currentOverride, overrideText, reachOf, reachText } from './override.ts';

const asked = (second: number, used = false) => ({
  reason: 'rack-a burnt',
  by: 'admin (t_1) of lab',
  at: atSecond(second),
  used,
});

test('an override is told of while the breaker is open for which it was asked', () => {
  const later = asked(20);
  expect(currentOverride(poolOf({ isOpen: true, override: later }))).toBe(later);
  expect(currentOverride(poolOf({ isOpen: true, override: asked(5) }))).toBeNull();
  expect(currentOverride(poolOf({ isOpen: false, override: later }))).toBeNull();
  expect(currentOverride(null)).toBeNull();
  expect(overrideText(later)).toBe(
    'An override takes effect with the next pass, requested by admin (t_1) of lab: rack-a burnt.',
  );
  expect(overrideText(asked(20, true))).toMatch(
    /^Overridden once .*: rack-a burnt\. Rentals on nodes that died later are held\.$/,
  );
});

describe('whom an override concerns', () => {
  const dead = ['w10', 'w2'].map((name) => nodeOf(name, { state: 'dead' }));
  const alive = nodeOf('w3', { state: 'allocated' });
  const on = (node: string, action: 'migrate' | 'wait' = 'migrate') => {
    const rental = rentalOf(`r_${node}`, { phase: 'Lost', node });
    return { ...rental, spec: { ...rental.spec, onNodeLoss: { action, after: '0s' } } };
  };

  test('are the clients of dead nodes, but for those who asked to wait', () => {
    const reach = reachOf([...dead, alive], [on('w10'), on('w2', 'wait'), on('w3')]);
    expect(reach).toEqual({ dead: ['w2', 'w10'], moving: 1, staying: 1 });
    expect(reachText(reach)).toBe(
      '2 nodes are dead now: w2, w10. 1 client is moved to another machine, if one is free. ' +
        '1 client asked to wait for its machine, and stays.',
    );
  });

  test('a node that is to be emptied is waited for by nobody', () => {
    const drained = nodeOf('w2', { state: 'dead', unschedulable: true, draining: true });
    expect(reachOf([drained], [on('w2', 'wait')])).toMatchObject({ moving: 1, staying: 0 });
  });

  test('are counted where they are many, and named as none where nobody is', () => {
    const many = Array.from({ length: 12 }, (_, i) => nodeOf(`w${i + 1}`, { state: 'dead' }));
    expect(reachText(reachOf(many, [on('w1'), on('w2')]))).toBe(
      '12 nodes are dead now: w1, w2, w3, w4, w5, w6, w7, w8, …. 2 clients are moved to other machines, as far as any are free.',
    );
    expect(reachText(reachOf([nodeOf('w1', { state: 'dead' })], []))).toBe(
      '1 node is dead now: w1. No client is on it.',
    );
  });

  test('nobody can tell from what clients see', () => {
    const seen = { name: 'w1', spec: { zone: null, labels: {} }, status: { free: false } };
    expect(reachOf([seen], [on('w1')])).toEqual({ dead: [], moving: 0, staying: 0 });
  });
});
