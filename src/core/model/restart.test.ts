import { describe, expect, it } from 'vitest';
import { decideNode } from '../node/decide.ts';
import type { NodeInputs } from '../node/inputs.ts';
import { aHealth, aNode, aNodeInputs, aPlacement, NOW } from '../rows.fixture.ts';
import { type BootMemory, isOtherBoot, NO_BOOT, rememberBoot } from './boot.ts';
import type { NodeRecord } from './node.ts';
import { findRestart, isNewRestart, setRestarted } from './restart.ts';

const at = (seconds: number) => new Date(NOW.getTime() + 1_000 * seconds);
const [ONE, TWO, THREE] = ['k/1', 'k/2', 'k/3'];

describe('what a daemon sees of the starts of a machine', () => {
  it('is another one only where a part that both know differs', () => {
    expect(isOtherBoot('k/1', 'k/1')).toBe(false);
    expect(isOtherBoot('k/1', 'k/2')).toBe(true);
    expect(isOtherBoot('k/1', 'l/1')).toBe(true);
    expect(isOtherBoot('k/-', 'k/2')).toBe(false);
    expect(isOtherBoot('-/1', 'k/1')).toBe(false);
  });

  it('has the last answer before and the first one after; a session that only broke changes nothing', () => {
    let memory = rememberBoot(NO_BOOT, ONE, at(0));
    expect(memory).toMatchObject({ id: ONE, seenAt: at(0), silentSince: null });
    memory = rememberBoot(memory, ONE, at(5));
    memory = rememberBoot(memory, null, at(6));
    expect(memory).toMatchObject({ id: ONE, seenAt: at(0), silentSince: null });
    expect(rememberBoot(memory, TWO, at(9))).toMatchObject({ id: TWO, seenAt: at(9), silentSince: at(6) });
  });
});

const seen = (id: string, set: Partial<BootMemory> = {}): BootMemory => ({
  id,
  seenAt: at(-1),
  silentSince: at(-5),
  answeredAt: NOW,
  ...set,
});
const live = aPlacement(4, 'a', { readyAt: at(-100) });
function decide(record: Partial<NodeRecord>, set: Partial<NodeInputs>) {
  return decideNode(
    aNodeInputs({ node: aNode('a', { record: { state: 'allocated', ...record } }), live, ...set }),
  );
}
const told = ({ events }: ReturnType<typeof decide>) =>
  events.filter(({ type }) => type === 'node.restarted');

describe('a machine that was restarted', () => {
  it('is told once, with its times, by whichever daemon sees it', () => {
    const first = decide({ bootId: null }, { boot: seen(ONE) });
    expect(first.record.bootId).toBe(ONE);
    expect(told(first)).toEqual([]);
    const decision = decide({ bootId: ONE }, { boot: seen(TWO) });
    expect(decision.record).toMatchObject({ bootId: TWO, restartedAt: at(-1), silentSince: at(-5) });
    const message = 'a was restarted within 4s: what ran there is gone';
    expect(told(decision)).toEqual([{ type: 'node.restarted', reason: 'NodeRestarted', message }]);
    expect(told(decide(decision.record, { boot: seen(TWO) }))).toEqual([]);
  });

  it('by a daemon that never saw the start before, with what the last one has left of its last answer', () => {
    const boot = seen(TWO, { silentSince: null });
    const node = { ...aNode('a', { record: { state: 'allocated', bootId: ONE } }), lastCheckedAt: at(-9) };
    expect(decide({}, { node, boot }).record).toMatchObject({ silentSince: at(-9) });
    const silent = { bootId: ONE, unreachableSince: at(-20) };
    expect(decide(silent, { boot }).record).toMatchObject({ silentSince: at(-20), unreachableSince: null });
  });

  it('is not told while it is dead, but when it is back', () => {
    const health = aHealth('dead');
    expect(decide({ state: 'dead', bootId: ONE }, { boot: seen(TWO), health }).record.bootId).toBe(ONE);
    const back = decide({ state: 'dead', bootId: ONE }, { boot: seen(TWO) });
    expect(back.events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['node.alive', 'node.restarted']),
    );
  });

  it('is told at most once a minute, and what was left out then', () => {
    const lately = { bootId: TWO, restartedAt: at(-30) };
    const left = decide(lately, { boot: seen(THREE) });
    expect(left.record).toMatchObject(lately);
    expect(told(left)).toEqual([]);
    expect(told(decide(lately, { boot: seen(THREE), now: at(30) }))).toHaveLength(1);
    // A clock that was set back delays nothing.
    const next = decide({ ...lately, restartedAt: at(500) }, { boot: seen(THREE) });
    expect(told(next)).toHaveLength(1);
    // Nor is it mistaken for the restart that was reported.
    expect(next.record.restartedAt?.getTime()).toBeGreaterThan(at(500).getTime());
  });

  it('is one under the client also when the daemon that gave access had a clock ahead of this one', () => {
    const ahead = aPlacement(4, 'a', { readyAt: at(50) });
    const { record } = decide({ bootId: ONE }, { live: ahead, boot: seen(TWO) });
    expect(findRestart(ahead, aNode('a', { record }))).not.toBeNull();
  });
});

describe('the client of a machine that was restarted', () => {
  const record = { restartedAt: at(-1), silentSince: at(-5) };
  const restart = findRestart(live, aNode('a', { record }));

  it('lost something only where it had access before', () => {
    expect(restart).toEqual({ node: 'a', at: at(-1), silentSince: at(-5) });
    for (const readyAt of [null, at(0)])
      expect(findRestart({ ...live, readyAt }, aNode('a', { record }))).toBeNull();
    expect(findRestart(live, aNode('a'))).toBeNull();
    expect(findRestart(live, undefined)).toBeNull();
  });

  it('has it as a condition with its time until the next one, or until it is elsewhere', () => {
    if (restart === null) throw new Error('no restart');
    const conditions = setRestarted([], restart);
    expect(conditions).toMatchObject([
      {
        type: 'Restarted',
        status: 'True',
        reason: 'NodeRestarted',
        lastTransitionTime: at(-1).toISOString(),
      },
    ]);
    expect(isNewRestart([], restart)).toBe(true);
    expect(isNewRestart(conditions, restart)).toBe(false);
    expect(setRestarted(conditions, restart)).toBe(conditions);
    expect(isNewRestart(conditions, { ...restart, at: at(70) })).toBe(true);
    expect(setRestarted(conditions, null)).toEqual([]);
    const none: never[] = [];
    expect(setRestarted(none, null)).toBe(none);
  });
});
