import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../core/model/policy.ts';
import { createPlan, createSpec } from './create-plan.ts';
import { runHistory } from './history.ts';
import { type Action, isFault, type Plan } from './plan.ts';
import { kindOf, shrink } from './shrink.ts';

function planOf(actions: Action[], nodes = 1): Plan {
  const specs = Array.from({ length: nodes }, (_, index) => createSpec(index));
  return { seed: 1, specs, policy: DEFAULT_POLICY, daemons: 1, actions, endsAtMs: 30_000 };
}

const rent: Action = {
  atMs: 8_000,
  kind: 'rent',
  zone: null,
  ttlMs: 3_600_000,
  reject: false,
  waits: false,
  graceMs: 0,
};

async function digestOf(seed: number): Promise<string> {
  const hash = createHash('sha256');
  await runHistory(createPlan(seed), (line) => hash.update(line));
  return hash.digest('hex');
}

describe('a simulated history', () => {
  it('brings one rental on one node to where it is wanted, and then changes nothing', async () => {
    const { violation, counts } = await runHistory(planOf([rent]));
    expect(violation).toBeNull();
    expect([counts.get('rental Active'), counts.get('node provisioning -> allocated')]).toEqual([1, 1]);
  });

  it('ends with nothing on the node when the rental is released', async () => {
    const { violation, counts } = await runHistory(
      planOf([rent, { atMs: 12_000, kind: 'release', which: 0 }]),
    );
    expect(violation).toBeNull();
    expect([counts.get('rental Released'), counts.get('node cleaning -> free')]).toEqual([1, 2]);
  });

  it('is the same one, line by line, for the same seed', async () => {
    const digests = [await digestOf(11), await digestOf(11), await digestOf(12)];
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  it('has the faults of its plan', async () => {
    const plan = createPlan(3);
    expect(plan.actions.filter(isFault).length).toBeGreaterThanOrEqual(60);
    expect(new Set(createPlan(3).actions.map((action) => JSON.stringify(action)))).toEqual(
      new Set(plan.actions.map((action) => JSON.stringify(action))),
    );
  });

  it('is shrunk to what the violation takes', async () => {
    // A ttl of NaN is enough to break the daemon that computes with it.
    const noise: Action[] = Array.from({ length: 12 }, (_, index) => ({
      atMs: 9_000 + index * 500,
      kind: 'machine' as const,
      what: 'frozen' as const,
      which: index,
      forMs: 400,
    }));
    const plan = planOf([...noise, { ...rent, ttlMs: Number.NaN }], 2);
    const failed = await runHistory(plan);
    expect(failed.violation).not.toBeNull();
    const { actions } = await shrink(plan, failed);
    expect(actions.map(({ kind }) => kind)).toEqual(['rent']);
  });

  it('tells violations of one kind from those of another', () => {
    expect(kindOf('after 1.5 s: r_1 is lost on n01')).toBe(kindOf('after 27.125 s: r_19 is lost on n20'));
    expect(kindOf('after 1.5 s: r_1 is lost')).not.toBe(kindOf('after 1.5 s: r_1 is moved'));
  });
});
