import { describe, expect, it } from 'vitest';
import { findCondition } from '../model/condition.ts';
import type { NodeRecord } from '../model/node.ts';
import { DEFAULT_POLICY } from '../model/policy.ts';
import { decideNode } from '../node/decide.ts';
import { aHealth, aNode, aNodeInputs, NOW } from '../rows.fixture.ts';
import { whyNotNow } from '../scheduling/placement.ts';
import { describeFlapping, steadyMs } from './flapping.ts';
import type { Health } from './health.ts';

const policy = DEFAULT_POLICY;
const LONG = steadyMs(policy.probe);

function decide(record: Partial<NodeRecord>, health: Health, cleanRequested = 0) {
  const node = aNode('a', { record, requests: { cleanRequested } });
  return decideNode(aNodeInputs({ node, health, policy }));
}
const dead = (steadyForMs: number): Health => ({ ...aHealth('dead', 3), steadyForMs });
const steadyFor = (ms: number): Health => ({ ...aHealth('alive'), succeedingSinceMs: 0, lookedAtMs: ms });

describe('a node that flaps', () => {
  it('is one that died five times with never a steady while in between', () => {
    let deaths = 0;
    for (let count = 1; count <= 5; count++) {
      deaths = decide({ state: 'free', deaths }, dead(LONG - 1)).record.deaths;
      expect(deaths).toBe(count);
      const flapping = describeFlapping(
        aNode('a', { record: { deaths, lastFailedAt: NOW } }).record,
        steadyFor(0),
        policy.probe,
        NOW,
      );
      expect(flapping === null).toBe(count < 5);
    }
    expect(decide({ state: 'free', deaths }, dead(LONG)).record.deaths).toBe(1);
  });

  it('says so with its count and is not lent, until it was steady for long enough', () => {
    const record = { deaths: 6, lastFailedAt: NOW };
    const decision = decide(record, steadyFor(LONG - 1));
    expect(findCondition(decision.record.conditions, 'Schedulable')).toMatchObject({
      status: 'False',
      reason: 'Flapping',
      message: 'died 6 times, never steady for 10m in between; lent again once it has been',
    });
    const steady = decide(record, steadyFor(LONG));
    expect(findCondition(steady.record.conditions, 'Schedulable')?.status).toBe('True');
    const node = aNode('a', { record });
    expect(whyNotNow({ node, health: aHealth('alive'), occupied: false, flapping: true })).toBe('Flapping');
  });

  it('is still one for a daemon that has just begun to lead, but not for ever', () => {
    const { record } = aNode('a', { record: { deaths: 5, lastFailedAt: NOW } });
    expect(describeFlapping(record, undefined, policy.probe, NOW)).not.toBeNull();
    const anHourOn = new Date(NOW.getTime() + 3_600_000);
    expect(describeFlapping(record, undefined, policy.probe, anHourOn)).toBeNull();
  });

  it('is lent again at once when a person had it cleaned', () => {
    const asked = decide({ state: 'free', deaths: 7, lastFailedAt: NOW }, steadyFor(0), 1);
    expect(asked.record).toMatchObject({ state: 'cleaning', deaths: 0 });
  });
});

describe('with a negative healthyDelay', () => {
  const strict = { ...policy, probe: { ...policy.probe, healthyDelayMs: -1_000 } };
  const look = (record: Partial<NodeRecord>, cleanRequested: number) => {
    const node = aNode('a', { record, requests: { cleanRequested } });
    return decideNode(aNodeInputs({ node, policy: strict }));
  };

  it('a node that returned stays dead to clients, and says who brings it back', () => {
    const { record } = look({ state: 'dead', status: 'dead' }, 0);
    expect(record).toMatchObject({ state: 'dead', status: 'alive' });
    expect(findCondition(record.conditions, 'Schedulable')).toMatchObject({
      reason: 'AwaitingOperator',
      message: 'the node answers again; orion clean a brings it back',
    });
    // A new daemon did not see the death; the stored record keeps the node back.
    expect(look(record, 0).record).toEqual(record);
  });

  it('a person brings it back, and it is cleaned before it is lent', () => {
    const returned = look({ state: 'dead', status: 'alive' }, 1).record;
    expect(returned).toMatchObject({ state: 'cleaning', cleanSeen: 1 });
  });

  it('a node that joins is lent without a person, for it never died', () => {
    expect(look({ state: 'unknown' }, 0).record.state).toBe('cleaning');
  });
});
