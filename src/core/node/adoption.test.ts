import { describe, expect, it } from 'vitest';
import { believedFence } from '../model/fleet-identity.ts';
import type { Run, Work, WorkOutcome } from '../model/work.ts';
import { aHealth, aNode, aNodeInputs, NOW } from '../rows.fixture.ts';
import { whyNotNow } from '../scheduling/placement.ts';
import { decideNode } from './decide.ts';
import type { NodeInputs } from './inputs.ts';

const OTHER = `f_${'0'.repeat(24)}`;
const clean: Work & { kind: 'clean' } = { kind: 'clean', prepare: true, residue: [] };
const refused: WorkOutcome = {
  kind: 'failed',
  reason: 'OtherFleet',
  message: 'x',
  fenceSeen: 7,
  uidSeen: 0,
  fleetSeen: OTHER,
};
const done: WorkOutcome = { kind: 'done', fenceSeen: 9, uidSeen: 20_000, findings: [] };
const ended = (outcome: WorkOutcome, work: Work = clean): Run => ({ work, fence: 9, outcome });

function decide(set: Parameters<typeof aNode>[1], more: Partial<NodeInputs> = {}) {
  return decideNode(aNodeInputs({ node: aNode('a', set), health: aHealth('alive'), ...more }));
}
const schedulable = (decision: ReturnType<typeof decide>) =>
  decision.record.conditions.find(({ type }) => type === 'Schedulable');

describe('a node of another fleet', () => {
  const cleaning = { state: 'cleaning' as const, preparedAt: null, verifiedAt: null };

  it('is remembered by that fleet, and says what a person can do', () => {
    const decision = decide({ record: cleaning }, { run: ended(refused) });
    expect(decision.record).toMatchObject({ otherFleet: OTHER, adoptSeen: 0 });
    expect(schedulable(decision)).toMatchObject({ status: 'False', reason: 'OtherFleet' });
    expect(schedulable(decision)?.message).toContain('orion adopt a');
    expect(decision.raise).toBe(null);
    const node = aNode('a', { record: { otherFleet: OTHER } });
    expect(whyNotNow({ node, health: aHealth('alive'), occupied: false })).toBe('OtherFleet');
  });

  it('is taken once a person says so, from the fleet that they were shown, and once only', () => {
    const record = { ...cleaning, otherFleet: OTHER };
    expect(decide({ record }).start).not.toHaveProperty('adopt');
    const asked = { record, requests: { adoptRequested: 1 } };
    const { start } = decide(asked);
    expect(start).toMatchObject({ kind: 'clean', adopt: { fleet: OTHER, request: 1 } });
    const again = decide(asked, { run: ended(refused, start as Work) });
    expect(again.record).toMatchObject({ otherFleet: OTHER, adoptSeen: 1 });
    // A request that came during a run without it still counts.
    expect(decide(asked, { run: ended(refused) }).record.adoptSeen).toBe(0);
    const taken = decide(asked, { run: ended(done, start as Work) });
    expect(taken.record).toMatchObject({ otherFleet: null, adoptSeen: 1, state: 'free' });
    expect(taken.events.map(({ type }) => type)).toContain('node.adopted');
  });
});

describe('a node that leaves', () => {
  it('is cleaned once more, to be no longer marked as the fleet\u2019s, and only then dropped', () => {
    const leaving = { spec: { retiring: true } };
    const first = decide(leaving);
    expect([first.record.state, first.remove]).toEqual(['cleaning', false]);
    const { start } = decide({ ...leaving, record: { state: 'cleaning' } });
    expect(start).toMatchObject({ kind: 'clean', leave: true });
    const left = decide({ ...leaving, record: { state: 'cleaning' } }, { run: ended(done, start as Work) });
    expect(left.record).toMatchObject({ state: 'free', preparedAt: null, verifiedAt: NOW });
    expect(left.remove || decide({ ...leaving, record: left.record }).remove).toBe(true);
    // A node that is listed again meanwhile is prepared again.
    expect(decide({ record: left.record }).record.state).toBe('cleaning');
  });
});

describe('a fence number that a node claims', () => {
  const cleaning = { record: { state: 'cleaning' as const } };
  const tooLow = (fenceSeen: number, fenceProven?: boolean): WorkOutcome => ({
    kind: 'failed',
    reason: 'FenceTooLow',
    message: 'x',
    fenceSeen,
    uidSeen: 0,
    ...(fenceProven ? { fenceProven } : {}),
  });

  it('is followed in full with a proof, and by a step without one', () => {
    const far = 2 ** 48;
    expect(decide(cleaning, { run: ended(tooLow(far, true)) }).raise?.fence).toBe(far);
    const lie = decide(cleaning, { run: ended(tooLow(far)) });
    expect(lie.raise?.fence).toBe(1_000_009);
    // And it waits longer each time, until it is quarantined.
    expect(lie.record.attempt).toBe(1);
    expect(lie.record.nextAttemptAt).not.toBe(null);
  });

  it('of an earlier version, without a proof, is reached', () => {
    let seq = 9;
    let tries = 0;
    for (; seq < 4_500_000; tries++) seq = believedFence(seq, 4_500_000, false);
    expect([seq, tries]).toEqual([4_500_000, 5]);
  });
});
