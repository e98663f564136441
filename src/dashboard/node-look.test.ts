import { describe, expect, test } from 'vitest';
import type { Condition } from '../core/model/condition.ts';
import { NODE_STATES, type NodeState } from '../core/model/node-states.ts';
import type { RentalPhase } from '../core/model/rental.ts';
import { nodeOf, readyOf, rentalOf } from './dashboard.fixture.ts';
import { lookOf, NODE_WORDS, TENANT_WORDS, toneOf } from './node-look.ts';

describe('how a node looks', () => {
  test('differs in colour and in word for each state', () => {
    const looks = NODE_STATES.map((state: NodeState) => lookOf(nodeOf('w1', { state })));
    expect(new Set(looks.map(({ tone }) => tone)).size).toBe(NODE_STATES.length);
    expect(looks.map(({ word }) => word).toSorted()).toEqual([...NODE_WORDS].toSorted());
    for (const { word, tone } of looks) expect(toneOf(word)).toBe(tone);
  });

  test('says what is true of it besides', () => {
    const suspect = nodeOf('w1', { state: 'allocated', failing: 'DialTimeout' });
    expect(lookOf(suspect)).toMatchObject({ word: 'Rented', marks: ['Suspect'], trouble: 'Dial timeout' });
    expect(lookOf(nodeOf('w1', { state: 'dead', failing: 'DialTimeout' })).marks).toEqual([]);
    expect(lookOf(nodeOf('w1', { unschedulable: true })).marks).toEqual(['Cordoned']);
    expect(lookOf(nodeOf('w1', { unschedulable: true, draining: true })).marks).toEqual(['Draining']);
  });

  test('puts first what needs a look', () => {
    const order = [
      nodeOf('w1', { state: 'dead' }),
      nodeOf('w2', { state: 'quarantined' }),
      nodeOf('w3', { state: 'allocated', failing: 'EchoTimeout' }),
      nodeOf('w4', { state: 'cleaning' }),
      nodeOf('w5', { state: 'free', unschedulable: true }),
      nodeOf('w6', { state: 'allocated' }),
      nodeOf('w7', { state: 'free' }),
    ].map((node) => lookOf(node).urgency);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(order).size).toBe(order.length);
  });

  test('shows tenants whether they can have it, and their own', () => {
    const node = (free: boolean) => ({ name: 'w1', spec: { zone: null, labels: {} }, status: { free } });
    const mine = rentalOf('r_1', { node: 'w1', conditions: [{ ...readyOf('Provisioned'), status: 'True' }] });
    const words = [lookOf(node(true)), lookOf(node(false), mine), lookOf(node(false))].map(
      (look) => look.word,
    );
    expect(words).toEqual(TENANT_WORDS.filter((word) => word !== 'Lost'));
    expect(lookOf(node(false), mine)).toMatchObject({ tone: 'rented', marks: [] });
  });

  test('alarms tenants when their machine is gone, and says when theirs is not well', () => {
    const node = { name: 'w1', spec: { zone: null, labels: {} }, status: { free: false } };
    const look = (phase: RentalPhase, conditions: Condition[]) =>
      lookOf(node, rentalOf('r_1', { node: 'w1', phase, conditions }));
    const gone = look('Lost', [readyOf('NoFreeNode')]);
    expect(gone).toMatchObject({ tone: 'dead', word: 'Lost', marks: [], urgency: 0 });
    expect(toneOf('Lost')).toBe('dead');
    expect(look('Migrating', [readyOf('Migrating')])).toMatchObject({ tone: 'dead', marks: ['Migrating'] });
    // Make before break: the old machine serves until the new one does.
    const moved = look('Migrating', [{ ...readyOf('Migrating'), status: 'True' }]);
    expect(moved).toMatchObject({ tone: 'rented', word: 'Yours', marks: ['Migrating'] });
    expect(look('Active', [readyOf('Paused')])).toMatchObject({ word: 'Yours', marks: ['Paused'] });
    expect(look('Provisioning', [readyOf('Provisioning')]).marks).toEqual(['Provisioning']);
  });
});
