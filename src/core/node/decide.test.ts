import { describe, expect, it } from 'vitest';
import type { NodeRecord } from '../model/node.ts';
import type { Run, WorkOutcome } from '../model/work.ts';
import { aHealth, aNode, aNodeInputs, aPlacement, END, KEY, NOW, WANTED } from '../rows.fixture.ts';
import { decideNode } from './decide.ts';
import type { NodeInputs } from './inputs.ts';

function decide(record: Partial<NodeRecord>, set: Partial<NodeInputs> = {}) {
  return decideNode(aNodeInputs({ node: aNode('a', { record }), ...set }));
}
const done: WorkOutcome = { kind: 'done', fenceSeen: 9, uidSeen: 20_000, findings: [] };
const failed = (
  reason: 'PlaybookFailed' | 'PlaybookUnreachable' | 'FenceTooLow' = 'PlaybookFailed',
): WorkOutcome => ({
  kind: 'failed',
  reason,
  message: 'no',
  fenceSeen: 77,
  uidSeen: 20_500,
});
const residue = [aPlacement(1, 'a', { endedAt: NOW, endReason: 'Moved' })];
const cleanRun = (outcome: Run['outcome']): Run => ({
  work: { kind: 'clean', prepare: false, residue },
  fence: 9,
  outcome,
});
const live = aPlacement(4, 'a', { readyAt: null, appliedKey: null, appliedExpiresAt: null });
const accessRun = (outcome: Run['outcome']): Run => ({
  work: { kind: 'ensureAccess', epoch: 4, account: live.account, uid: live.uid, ...WANTED },
  fence: 4,
  outcome,
});

describe('a node that joins', () => {
  it('is left alone until somebody looked at it', () => {
    const decision = decide({ state: 'unknown', status: 'unknown' }, { health: aHealth('unknown') });
    expect(decision.record.state).toBe('unknown');
    expect(decision.start).toBeNull();
  });

  it('is prepared, cleaned and verified before it is free', () => {
    const decision = decide({ state: 'unknown', status: 'unknown', preparedAt: null, verifiedAt: null });
    expect(decision.record).toMatchObject({ state: 'cleaning', status: 'alive' });
    expect(decision.start).toEqual({ kind: 'clean', prepare: true, residue: [] });
  });

  it('gets its first host key recorded', () => {
    const decision = decide({ state: 'unknown', hostKey: null });
    expect(decision.record.hostKey).toBe(KEY);
    expect(decision.events.map(({ type }) => type)).toContain('node.host_key_recorded');
  });
});

describe('a node being cleaned', () => {
  it('is free only after a verification that covered all residue', () => {
    const decision = decide({ state: 'cleaning' }, { residue, run: cleanRun(done) });
    expect(decision.record.state).toBe('free');
    expect(decision.cleaned).toEqual([1]);
    const more = [...residue, aPlacement(2, 'a', { endedAt: NOW })];
    expect(decide({ state: 'cleaning' }, { residue: more, run: cleanRun(done) }).record.state).toBe(
      'cleaning',
    );
  });

  it('is tried again after a pause when something was found, and says what', () => {
    const found: WorkOutcome = { ...done, findings: ['setuid file /tmp/sh'] } as WorkOutcome;
    const decision = decide({ state: 'cleaning' }, { residue, run: cleanRun(found) });
    expect(decision.record).toMatchObject({ state: 'cleaning', attempt: 1 });
    expect(decision.record.nextAttemptAt?.getTime()).toBeGreaterThan(NOW.getTime());
    expect(decision.start).toBeNull();
    expect(decision.record.conditions.find(({ type }) => type === 'Clean')?.message).toContain('setuid file');
  });

  it('is quarantined when it dies only if its state was, whatever an earlier version left in the column', () => {
    const dies = (record: Partial<NodeRecord>) => decide(record, { health: aHealth('dead') }).record;
    const [allocated, quarantined] = [
      dies({ state: 'allocated', quarantinedAt: END }),
      dies({ state: 'quarantined' }),
    ];
    expect([allocated.state, allocated.quarantinedAt]).toEqual(['dead', null]);
    expect([quarantined.state, quarantined.quarantinedAt]).toEqual(['dead', NOW]);
  });

  it('comes back as what it was, whatever an earlier version left in the column after it verified it', () => {
    const [earlier, later] = [NOW, END];
    const back = (record: Partial<NodeRecord>, set: Partial<NodeInputs> = {}) =>
      decide({ state: 'dead', status: 'dead', ...record }, set).record.state;
    const left = { quarantinedAt: earlier, verifiedAt: later };
    expect(back(left, { live: aPlacement(4, 'a') })).toBe('provisioning');
    expect(back(left)).toBe('free');
    for (const verifiedAt of [null, earlier, later]) {
      expect(back({ quarantinedAt: later, verifiedAt })).toBe('quarantined');
    }
  });

  it('is quarantined when cleaning failed for good, and a person brings it back', () => {
    const decision = decide({ state: 'cleaning', attempt: 5 }, { residue, run: cleanRun(failed()) });
    expect(decision.record.state).toBe('quarantined');
    expect(decision.start).toBeNull();
    const node = aNode('a', { record: decision.record, requests: { cleanRequested: 1 } });
    const asked = decide({}, { node, residue });
    expect(asked.record.state).toBe('cleaning');
    expect(asked.start?.kind).toBe('clean');
  });

  it('is cleaned at once when a person asks for it just as a slow try fails', () => {
    const record = { state: 'quarantined', attempt: 9 } as const;
    const node = aNode('a', { record, requests: { cleanRequested: 1 } });
    expect(decide({}, { node, residue, run: cleanRun(failed()) }).record.state).toBe('cleaning');
  });

  it('raises the counters when the node knows newer orders, and blames nobody', () => {
    const decision = decide({ state: 'cleaning' }, { residue, run: cleanRun(failed('FenceTooLow')) });
    expect(decision).toMatchObject({
      raise: { fence: 77, nextUid: 20_501 },
      start: null,
      record: { attempt: 0 },
    });
  });

  it('learns at the verification which uids were used up before it joined', () => {
    const outcome: WorkOutcome = { ...done, uidSeen: 20_007 };
    expect(decide({ state: 'cleaning' }, { residue, run: cleanRun(outcome) }).record.nextUid).toBe(20_008);
  });
});

describe('a node with a placement', () => {
  it('gets the account made, and again after a daemon that forgot its run', () => {
    const decision = decide({ state: 'provisioning' }, { live, wanted: WANTED });
    expect(decision.start).toMatchObject({ kind: 'ensureAccess', epoch: 4, uid: live.uid });
  });

  it('gives a placement up whose uid was used on the node, so that the next one gets another', () => {
    const used: WorkOutcome = { ...failed('FenceTooLow'), fenceSeen: 4 } as WorkOutcome;
    const decision = decide({ state: 'provisioning' }, { live, wanted: WANTED, run: accessRun(used) });
    expect(decision).toMatchObject({
      raise: { nextUid: 20_501 },
      placement: { endedAt: NOW, endReason: 'FenceTooLow' },
    });
    const newer = decide(
      { state: 'provisioning' },
      { live, wanted: WANTED, run: accessRun(failed('FenceTooLow')) },
    );
    expect(newer).toMatchObject({ raise: { fence: 77 }, placement: null });
  });

  it('does not start a second run beside one that runs', () => {
    expect(
      decide({ state: 'provisioning' }, { live, wanted: WANTED, run: accessRun(null) }).start,
    ).toBeNull();
  });

  it('is allocated when access was confirmed for this very placement', () => {
    const decision = decide({ state: 'provisioning' }, { live, wanted: WANTED, run: accessRun(done) });
    expect(decision).toMatchObject({
      record: { state: 'allocated' },
      placement: { readyAt: NOW, appliedKey: KEY, appliedExpiresAt: END },
    });
    const other = { ...live, epoch: 5 };
    expect(
      decide({ state: 'provisioning' }, { live: other, wanted: WANTED, run: accessRun(done) }).record.state,
    ).toBe('provisioning');
  });

  it('makes access anew after a run that failed, even if nothing else is wanted any more', () => {
    const given = { ...live, readyAt: NOW, appliedKey: KEY, appliedExpiresAt: END };
    const start = (attempt: number) =>
      decide({ state: 'allocated', attempt }, { live: given, wanted: WANTED }).start?.kind ?? null;
    expect(start(0)).toBeNull();
    expect(start(1)).toBe('ensureAccess');
  });

  it('gives a placement up that could not be made, but not for silence', () => {
    const given = decide({ state: 'provisioning' }, { live, wanted: WANTED, run: accessRun(failed()) });
    expect(given.placement).toMatchObject({ endReason: 'PlaybookFailed' });
    const silent = decide(
      { state: 'provisioning' },
      { live, wanted: WANTED, run: accessRun(failed('PlaybookUnreachable')) },
    );
    expect(silent).toMatchObject({ placement: null, record: { attempt: 1 } });
  });

  it('gets a changed key applied while allocated, and otherwise no work', () => {
    const ready = { ...live, readyAt: NOW, appliedKey: KEY, appliedExpiresAt: END };
    expect(decide({ state: 'allocated' }, { live: ready, wanted: WANTED }).start).toBeNull();
    expect(
      decide({ state: 'allocated' }, { live: ready, wanted: { ...WANTED, publicKey: 'ssh-ed25519 BBBB' } })
        .start,
    ).toMatchObject({
      publicKey: 'ssh-ed25519 BBBB',
    });
  });

  it('gets the end of the lease again when access took long to confirm, once that is saved, and a renewed one', () => {
    const confirmed = decide({ state: 'provisioning' }, { live, wanted: WANTED, run: accessRun(done) });
    expect(confirmed.start).toBeNull();
    const ready = { ...live, readyAt: NOW, appliedKey: KEY, appliedExpiresAt: END };
    const longer = new Date(END.getTime() + 1_000);
    const renewed = { live: ready, wanted: { ...WANTED, expiresAt: longer } };
    expect(decide({ state: 'allocated' }, renewed).start).toMatchObject({ expiresAt: longer });
  });

  it('gets no work while an operator has paused everything, and is still judged', () => {
    const paused = { live, wanted: WANTED, paused: true };
    expect(decide({ state: 'provisioning' }, { live, wanted: WANTED }).start).not.toBeNull();
    expect(decide({ state: 'provisioning' }, paused).start).toBeNull();
    expect(decide({ state: 'cleaning' }, { residue, paused: true }).start).toBeNull();
    // A run that had already begun still counts.
    const ended = decide({ state: 'provisioning' }, { ...paused, run: accessRun(done) });
    expect(ended).toMatchObject({
      settled: true,
      placement: { readyAt: NOW },
      record: { state: 'allocated' },
    });
    const died = decide({ state: 'provisioning' }, { ...paused, health: aHealth('dead', 3) });
    expect(died.record).toMatchObject({ state: 'dead', status: 'dead' });
  });

  it('gets no access any more when the lease is over, also when it comes back from the dead', () => {
    const over = { live: { ...live, readyAt: NOW, appliedKey: KEY }, wanted: { ...WANTED, expiresAt: NOW } };
    expect(decide({ state: 'allocated' }, over).start).toBeNull();
    expect(decide({ state: 'provisioning' }, over).start).toBeNull();
  });

  it('cleans itself when the placement is gone, and its run is killed', () => {
    const decision = decide({ state: 'provisioning' }, { live: null, residue, run: accessRun(null) });
    expect(decision).toMatchObject({ record: { state: 'cleaning' }, abort: true });
  });
});

describe('a node that dies', () => {
  it('is dead whatever it did, and its run is killed', () => {
    const decision = decide(
      { state: 'provisioning' },
      { live, wanted: WANTED, run: accessRun(null), health: aHealth('dead', 3) },
    );
    expect(decision).toMatchObject({ record: { state: 'dead', status: 'dead' }, abort: true, start: null });
  });

  it('only shows as not reachable while it is suspect, and gets no work', () => {
    const decision = decide({ state: 'cleaning' }, { residue, health: aHealth('alive', 1) });
    expect(decision.record.state).toBe('cleaning');
    expect(decision.start).toBeNull();
    expect(decision.record.conditions.find(({ type }) => type === 'Reachable')).toMatchObject({
      status: 'False',
      reason: 'ConnectionRefused',
    });
  });

  it('cleans itself before it is free when it returns with residue', () => {
    expect(decide({ state: 'dead' }, { residue }).record.state).toBe('cleaning');
    expect(decide({ state: 'dead' }).record.state).toBe('free');
  });
});

it('writes nothing when nothing has to change', () => {
  const first = decide({ state: 'free' });
  const node = aNode('a', { record: first.record });
  const again = decide({}, { node });
  expect(again.record).toBe(node.record);
  expect(again).toMatchObject({ start: null, events: [], remove: false });
});
