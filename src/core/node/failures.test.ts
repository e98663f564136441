import { describe, expect, it } from 'vitest';
import type { FailureReason } from '../failure/remedy.ts';
import { createHealth, type Health } from '../health/health.ts';
import type { NodeRecord } from '../model/node.ts';
import { DEFAULT_POLICY } from '../model/policy.ts';
import type { Run, WorkOutcome } from '../model/work.ts';
import { aHealth, aNode, aNodeInputs, aPlacement, END, NOW, WANTED } from '../rows.fixture.ts';
import { decideNode } from './decide.ts';
import type { NodeInputs } from './inputs.ts';

function decide(record: Partial<NodeRecord>, set: Partial<NodeInputs> = {}) {
  return decideNode(aNodeInputs({ node: aNode('a', { record }), ...set }));
}

const failed = (reason: FailureReason, message = 'no'): WorkOutcome => ({
  kind: 'failed',
  reason,
  message,
  fenceSeen: null,
  uidSeen: null,
});
const cleanRun = (outcome: Run['outcome']): Run => ({
  work: { kind: 'clean', prepare: false, residue: [] },
  fence: 9,
  outcome,
});
const live = aPlacement(4, 'a', { readyAt: null, appliedKey: null, appliedExpiresAt: null });
const accessRun = (outcome: Run['outcome']): Run => ({
  work: { kind: 'ensureAccess', epoch: 4, account: live.account, uid: live.uid, ...WANTED },
  fence: 4,
  outcome,
});
const conditionOf = ({ record }: { record: NodeRecord }, type: string) =>
  record.conditions.find((condition) => condition.type === type);
const typesOf = ({ events }: { events: { type: string }[] }) => events.map(({ type }) => type);

describe('a node that can not be reached', () => {
  it('says why, what came back and how often it is probed again, suspect and dead', () => {
    const suspect = decide({}, { health: aHealth('alive', 1) });
    expect(conditionOf(suspect, 'Reachable')).toMatchObject({
      status: 'False',
      reason: 'ConnectionRefused',
      message: 'ConnectionRefused; probed again every 10s',
    });
    const dead = decide({ state: 'dead' }, { health: aHealth('dead', 9) });
    expect(conditionOf(dead, 'Reachable')?.message).toBe('ConnectionRefused; probed again every 30s');
  });

  it('says since when, until it is alive again; a leader that has not probed it yet leaves that alone', () => {
    const since = (record: Partial<NodeRecord>, health: Health) =>
      decide({ state: 'dead', ...record }, { health }).record.unreachableSince;
    expect(since({}, aHealth('alive', 1))).toEqual(NOW);
    const earlier = { unreachableSince: END };
    for (const health of [aHealth('alive', 2), aHealth('dead', 9), aHealth('dead', 0), createHealth(0)]) {
      expect(since(earlier, health)).toEqual(END);
    }
    expect(since(earlier, aHealth('alive'))).toBeNull();
  });

  it('shows the new reason when it fails in another way', () => {
    const node = aNode('a', { record: decide({ state: 'dead' }, { health: aHealth('dead', 9) }).record });
    const health = { ...aHealth('dead', 10), reason: 'AuthRefused' as const, message: 'refused' };
    expect(conditionOf(decide({}, { node, health }), 'Reachable')?.reason).toBe('AuthRefused');
  });
});

describe('limits of what a client may take', () => {
  const held = { holds: true, message: 'at most 64' };
  const limits = { processes: held, memory: held, userNamespaces: { holds: false, message: 'open' } };

  it('are kept with the time at which the node measured them, whatever came of the work', () => {
    for (const outcome of [
      { ...failed('LimitNotHeld'), limits },
      { kind: 'done', fenceSeen: 9, uidSeen: 0, findings: [], limits },
    ] as WorkOutcome[]) {
      const { record } = decide({ state: 'cleaning' }, { run: cleanRun(outcome) });
      expect(record.limits).toEqual({ ...limits, checkedAt: NOW.toISOString() });
    }
  });

  it('that turn out not to hold send the client elsewhere, and have the node prepared again', () => {
    const run = accessRun(failed('LimitNotHeld', 'memory: no control group'));
    const given = decide({ state: 'provisioning' }, { live, wanted: WANTED, run });
    expect(given.placement).toMatchObject({ endReason: 'LimitNotHeld' });
    expect(given.record.preparedAt).toBeNull();
    const cleaning = decide({ ...given.record, state: 'cleaning' }, { residue: [live] });
    expect(cleaning.start).toMatchObject({ kind: 'clean', prepare: true });
  });

  it('do not hold up a node that leaves the fleet', () => {
    const node = aNode('a', { spec: { retiring: true }, record: { state: 'cleaning' } });
    expect(decide({}, { node, residue: [live] }).start).toMatchObject({ kind: 'clean', leave: true });
  });
});

describe('cleaning that fails', () => {
  const first = decide({ state: 'cleaning' }, { run: cleanRun(failed('DiskFull', 'tmp: full')) });
  const again = (outcome: WorkOutcome | null, record = first.record) =>
    decide({}, { node: aNode('a', { record }), run: cleanRun(outcome) });

  it('gives its own reason to the condition and to one event', () => {
    expect(conditionOf(first, 'Clean')).toMatchObject({ reason: 'DiskFull', message: 'tmp: full' });
    expect(first.events).toEqual([
      { type: 'node.cleaning_failed', reason: 'DiskFull', message: 'tmp: full' },
    ]);
    expect(first.record.nextAttemptAt?.getTime()).toBeGreaterThan(NOW.getTime());
  });

  it('is not told again while it fails for the same reason, and keeps the reason while it is tried', () => {
    expect(conditionOf(again(null), 'Clean')?.reason).toBe('DiskFull');
    const second = again(failed('DiskFull', 'var: full'));
    expect(second.events).toEqual([]);
    expect(second.record.attempt).toBe(2);
    expect(conditionOf(second, 'Clean')?.message).toBe('var: full');
  });

  it('is told again when the reason is another', () => {
    expect(typesOf(again(failed('NoPython')))).toEqual(['node.cleaning_failed']);
  });

  it('names what was found as a reason too', () => {
    const found: WorkOutcome = {
      kind: 'done',
      fenceSeen: 9,
      uidSeen: 0,
      findings: ['a', 'b', 'c', 'd', 'e', 'f'],
    };
    expect(conditionOf(decide({ state: 'cleaning' }, { run: cleanRun(found) }), 'Clean')).toMatchObject({
      reason: 'ResidueFound',
      message: 'found a; b; c; d; e; and 1 more',
    });
  });

  it('is told of once in quarantine, though it is tried for ever', () => {
    const record = { ...first.record, attempt: DEFAULT_POLICY.clean.retries };
    const given = again(failed('DiskFull', 'full'), record);
    expect(given.record.state).toBe('quarantined');
    expect(conditionOf(given, 'Clean')).toMatchObject({ reason: 'Quarantined', message: 'DiskFull: full' });
    expect(typesOf(given)).toEqual(['node.quarantined']);
    expect(typesOf(again(failed('DiskFull', 'still full'), given.record))).toEqual([]);
    expect(typesOf(again(failed('NoPython'), given.record))).toEqual(['node.cleaning_failed']);
  });
});

describe('an account that can not be made', () => {
  const given = decide(
    { state: 'provisioning' },
    { live, wanted: WANTED, run: accessRun(failed('ReadOnlyFilesystem', 'etc: read-only')) },
  );

  it('ends the placement for the reason, which the condition and an event give', () => {
    expect(given.placement).toEqual({ endedAt: NOW, endReason: 'ReadOnlyFilesystem' });
    expect(conditionOf(given, 'Provisioned')).toMatchObject({
      status: 'False',
      reason: 'ReadOnlyFilesystem',
      message: 'placement 4: etc: read-only',
    });
    expect(given.events).toMatchObject([{ type: 'rental.placement_failed', reason: 'ReadOnlyFilesystem' }]);
    expect(given.record.lastFailedAt).toEqual(NOW);
  });

  it('stays on the node until it is clean again', () => {
    const cleaning = decide({}, { node: aNode('a', { record: given.record }), residue: [live] });
    expect(cleaning.record.state).toBe('cleaning');
    expect(conditionOf(cleaning, 'Provisioned')?.reason).toBe('ReadOnlyFilesystem');
    const free = decide({ ...cleaning.record, state: 'free' });
    expect(conditionOf(free, 'Provisioned')?.reason).toBe('NotProvisioned');
  });

  it('that a client has already is repaired after a pause, and never taken away', () => {
    const ready = { ...live, readyAt: NOW };
    const decision = decide(
      { state: 'allocated' },
      { live: ready, wanted: WANTED, run: accessRun(failed('AccountLockHeld')) },
    );
    expect(decision).toMatchObject({ placement: null, record: { state: 'allocated', attempt: 1 } });
    expect(decision.record.nextAttemptAt?.getTime()).toBeGreaterThan(NOW.getTime());
    expect(conditionOf(decision, 'Provisioned')).toMatchObject({
      status: 'False',
      reason: 'AccountLockHeld',
    });
  });
});

describe('a removal that ran out of time', () => {
  const unfinished = cleanRun(failed('RemovalUnfinished', '90000 entries were removed'));

  it('goes on for as long as it gets further: never quarantined, told once', () => {
    let record: Partial<NodeRecord> = { state: 'cleaning' };
    const types: string[] = [];
    for (let tries = 0; tries < 20; tries++) {
      const decision = decide(record, { run: unfinished });
      expect(decision.record).toMatchObject({ state: 'cleaning', attempt: 0 });
      expect(decision.record.nextAttemptAt?.getTime()).toBeLessThanOrEqual(NOW.getTime() + 6_000);
      types.push(...typesOf(decision));
      // While the next attempt runs, the last failure is still shown.
      const running = decide({ ...decision.record, nextAttemptAt: null }, { run: cleanRun(null) });
      expect(conditionOf(running, 'Clean')).toMatchObject({ reason: 'RemovalUnfinished' });
      record = running.record;
    }
    expect(types).toEqual(['node.cleaning_failed']);
  });

  it('does not hide a failure without progress, nor count as one', () => {
    const last = decide({ state: 'cleaning', attempt: DEFAULT_POLICY.clean.retries }, { run: unfinished });
    expect(last.record).toMatchObject({ state: 'cleaning', attempt: DEFAULT_POLICY.clean.retries });
    const run = cleanRun(failed('PlaybookFailed'));
    expect(decide({ ...last.record, nextAttemptAt: null }, { run }).record.state).toBe('quarantined');
  });

  it('of a quarantined node goes on at once as well', () => {
    const { record } = decide({ state: 'quarantined' }, { run: unfinished });
    expect(record.nextAttemptAt?.getTime()).toBeLessThanOrEqual(NOW.getTime() + 6_000);
  });
});

describe('work that the control plane could not do for a fault of its own', () => {
  const postponed: WorkOutcome = { kind: 'postponed', message: 'no space left on device' };

  it('ends no placement and counts as no try; it is done again after a pause', () => {
    const decision = decide({ state: 'provisioning' }, { live, wanted: WANTED, run: accessRun(postponed) });
    expect(decision).toMatchObject({
      placement: null,
      record: { state: 'provisioning', attempt: 0 },
      events: [],
    });
    expect(decision.record.nextAttemptAt?.getTime()).toBeGreaterThan(NOW.getTime());
    expect(decision.start).toBe(null);
  });

  it('quarantines no node, however often', () => {
    const record = { state: 'cleaning', attempt: DEFAULT_POLICY.clean.retries } as const;
    const decision = decide(record, { run: cleanRun(postponed) });
    expect(decision.record).toMatchObject(record);
    expect(decision.record.lastFailedAt).toBe(null);
  });
});
