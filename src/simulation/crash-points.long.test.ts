import { expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../core/model/policy.ts';
import { createSpec } from './create-plan.ts';
import { runHistory } from './history.ts';
import type { Action, Plan } from './plan.ts';

// One rental's whole life on three machines: made, moved when its machine dies, cleaned up, released.
const lifeOn = (machine: number): Action[] => [
  { atMs: 8_000, kind: 'rent', zone: null, ttlMs: 3_600_000, reject: false, waits: false, graceMs: 0 },
  { atMs: 14_000, kind: 'use', which: 0 },
  { atMs: 16_000, kind: 'machine', what: 'refusing', which: machine, forMs: 20_000 },
  { atMs: 30_000, kind: 'changeKey', which: 0 },
  { atMs: 34_000, kind: 'release', which: 0 },
];
const probe = { ...DEFAULT_POLICY.probe, deadAfterMs: 5_000, successes: 1, healthyDelayMs: 0 };

function lifeWith(machine: number, crash: Action[]): Plan {
  return {
    seed: 7,
    specs: [0, 1, 2].map(createSpec),
    policy: { ...DEFAULT_POLICY, probe },
    daemons: 1,
    actions: [...crash, ...lifeOn(machine)],
    endsAtMs: 45_000,
  };
}

it('lives through the death of its daemon before and after every call that changes something', async () => {
  // Chance puts the rental on one of the three machines: the one whose failure moves it.
  const lives = await Promise.all([0, 1, 2].map((machine) => runHistory(lifeWith(machine, []))));
  const machine = lives.findIndex(({ counts }) => counts.has('moved'));
  const whole = lives[machine] as (typeof lives)[number];
  expect(whole.violation).toBeNull();
  for (const lived of ['rental Released', 'placement ended: NodeDead'])
    expect(whole.counts.has(lived)).toBe(true);
  expect(whole.writes).toBeGreaterThan(60);
  let deaths = 0;
  for (let calls = 1; calls <= whole.writes; calls++) {
    for (const after of [false, true]) {
      const aim = { what: 'killAtCall', which: 0, calls, writesOnly: true, after, forMs: 0 } as const;
      const { violation, counts } = await runHistory(
        lifeWith(machine, [{ atMs: 0, kind: 'daemon', ...aim }]),
      );
      expect([calls, after, violation]).toEqual([calls, after, null]);
      deaths += counts.get('daemon killed') ?? 0;
    }
  }
  console.log(`${deaths} deaths at ${whole.writes} calls`);
  expect(deaths).toBeGreaterThanOrEqual(whole.writes);
});
