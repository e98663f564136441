import { describe, expect, it } from 'vitest';
import type { NodeRecord } from '../model/node.ts';
import type { Repair, Repaired, Run, WorkOutcome } from '../model/work.ts';
import { aHealth, aNode, aNodeInputs, aPlacement, aRental, NOW, WANTED } from '../rows.fixture.ts';
import { choosePlacement, whyNotNow } from '../scheduling/placement.ts';
import { createRoster } from '../scheduling/roster.ts';
import { decideNode } from './decide.ts';
import { aReport } from './drift.fixture.ts';
import type { NodeInputs } from './inputs.ts';

function decide(record: Partial<NodeRecord>, set: Partial<NodeInputs> = {}) {
  return decideNode(aNodeInputs({ node: aNode('a', { record }), ...set }));
}

const live = aPlacement(4, 'a');
const rented = { live, wanted: WANTED };
const locked = 'the account rtest0001 is locked';
const stranger = 'the account stranger with uid 31234';
const later = new Date(NOW.getTime() + 60_000);
const provisioned = (record: NodeRecord) => record.conditions.find(({ type }) => type === 'Provisioned');
const repair: Repair = { access: [locked], way: [], strays: false, precaution: false, count: 1 };
const access = {
  kind: 'ensureAccess',
  epoch: 4,
  account: live.account,
  uid: live.uid,
  ...WANTED,
} as const;

function accessRun(outcome: WorkOutcome | null, set: Partial<Repair> = {}): Run {
  return { work: { ...access, repair: { ...repair, ...set } }, fence: 9, outcome };
}
function done(repaired: Partial<Repaired>): WorkOutcome {
  const nothing = { access: false, way: false, removed: [], left: null };
  return { kind: 'done', fenceSeen: 9, uidSeen: 1, findings: [], repaired: { ...nothing, ...repaired } };
}

describe('a rented node that was changed by hand', () => {
  it('is put right, and says meanwhile what is wrong', () => {
    const decision = decide({ state: 'allocated' }, { ...rented, drift: aReport({ access: [locked] }) });
    expect(decision.start).toEqual({ ...access, kept: true, repair });
    expect(provisioned(decision.record)).toMatchObject({
      status: 'False',
      reason: 'Drifted',
      message: locked,
    });
    const running = decide(decision.record, { ...rented, run: accessRun(null) });
    expect(provisioned(running.record)).toEqual(provisioned(decision.record));
    expect(running).toMatchObject({ start: null, abort: false });
  });

  it('gets the way in put right and strays removed only when those are what changed', () => {
    const drift = aReport({ way: ['the sshd drop-in is missing'], strays: [stranger] });
    const { start } = decide({ state: 'allocated' }, { ...rented, drift });
    expect(start?.repair).toEqual({
      access: [],
      way: ['the sshd drop-in is missing'],
      strays: true,
      precaution: false,
      count: 1,
    });
  });

  it('has its access when only a stray is there', () => {
    const drift = aReport({ strays: [stranger] });
    expect(provisioned(decide({ state: 'allocated' }, { ...rented, drift }).record)?.status).toBe('True');
  });

  it('waits when it was repaired a moment ago', () => {
    const drift = aReport({ access: [locked], repairAt: later });
    const decision = decide({ state: 'allocated' }, { ...rented, drift });
    expect(decision.start).toBeNull();
    expect(provisioned(decision.record)?.reason).toBe('Drifted');
  });

  it('is left alone when nothing is known of it or all is well', () => {
    for (const drift of [null, aReport()]) {
      expect(decide({ state: 'allocated' }, { ...rented, drift }).start).toBeNull();
    }
  });

  it('is told of when it was put right, with how often that happened', () => {
    const run = accessRun(done({ access: true, removed: [stranger] }), { count: 3 });
    const decision = decide({ state: 'allocated' }, { ...rented, run });
    expect(decision.events).toEqual([
      {
        type: 'node.drift_repaired',
        reason: 'DriftRepaired',
        message: `repaired: ${locked} (3 repairs without a quiet hour in between)`,
      },
      {
        type: 'node.stray_account_removed',
        reason: 'StrayAccount',
        message: expect.stringContaining(stranger),
      },
    ]);
    expect(provisioned(decision.record)?.status).toBe('True');
  });

  it('claims no repair where the module found nothing to change', () => {
    const decision = decide({ state: 'allocated' }, { ...rented, run: accessRun(done({})) });
    expect(decision.events).toEqual([]);
  });

  it('keeps its access and says so when a stray could not be removed', () => {
    const run = accessRun(done({ left: 'the account x could not be removed' }), { access: [], strays: true });
    const decision = decide({ state: 'allocated' }, { ...rented, run });
    expect(decision.events).toMatchObject([{ type: 'node.cleaning_failed', reason: 'StrayAccount' }]);
    expect(provisioned(decision.record)?.status).toBe('True');
  });
});

describe('a repair that failed', () => {
  const failed: WorkOutcome = {
    kind: 'failed',
    reason: 'DiskFull',
    message: 'no',
    fenceSeen: null,
    uidSeen: null,
    repaired: { access: false, way: true, removed: [], left: null },
  };
  const decision = decide({ state: 'allocated' }, { ...rented, run: accessRun(failed) });

  it('is shown until the node was looked at again', () => {
    expect(provisioned(decision.record)).toMatchObject({ status: 'False', reason: 'DiskFull' });
    const unseen = decide(decision.record, rented);
    expect(provisioned(unseen.record)).toEqual(provisioned(decision.record));
    const well = decide(unseen.record, { ...rented, drift: aReport() });
    expect(provisioned(well.record)?.status).toBe('True');
  });

  it('tells of what it did put right', () => {
    const run = accessRun(failed, { way: ['the sshd drop-in is missing'] });
    expect(decide({ state: 'allocated' }, { ...rented, run }).events).toMatchObject([
      { type: 'node.drift_repaired', message: 'repaired: the sshd drop-in is missing' },
    ]);
  });

  it('gives nothing up, and holds up no key that the client changes', () => {
    expect(decision).toMatchObject({ placement: null, record: { attempt: 0, nextAttemptAt: null } });
    const publicKey = 'ssh-ed25519 BBBB';
    expect(decide(decision.record, { live, wanted: { ...WANTED, publicKey } }).start).toMatchObject({
      publicKey,
    });
  });
});

describe('a free node that was changed by hand', () => {
  const drift = aReport({ strays: [stranger], way: ['the sshd drop-in was changed'] });
  const decision = decide({ state: 'free' }, { drift });

  it('is cleaned and verified before it is lent', () => {
    expect(decision.record).toMatchObject({ state: 'cleaning', verifiedAt: null });
    expect(decision.start).toEqual({
      kind: 'clean',
      prepare: false,
      residue: [],
      repair: {
        access: [],
        way: ['the sshd drop-in was changed'],
        strays: true,
        precaution: false,
        count: 1,
      },
    });
    expect(decision.events).toEqual([
      { type: 'node.cleaning', reason: 'Drifted', message: expect.stringContaining(stranger) },
    ]);
  });

  it('says nothing of drift when an operator asked for it', () => {
    const node = aNode('a', { record: { state: 'free' }, requests: { cleanRequested: 1 } });
    const asked = decide({}, { node, drift: aReport() });
    expect(asked.events).toMatchObject([{ type: 'node.cleaning', reason: 'NotVerified' }]);
  });

  it('is not free when it dies meanwhile and returns', () => {
    const dead = decide(decision.record, { health: aHealth('dead', 3) });
    expect(dead.record.state).toBe('dead');
    expect(decide(dead.record).record.state).toBe('cleaning');
  });

  it('is free after a verification, which is told with what was removed', () => {
    const work = decision.start as Run['work'];
    const verified = decide(decision.record, {
      run: { work, fence: 9, outcome: done({ way: true, removed: [stranger] }) },
    });
    expect(verified.record).toMatchObject({ state: 'free', verifiedAt: NOW });
    expect(verified.events.map(({ type }) => type).toSorted()).toEqual([
      'node.drift_repaired',
      'node.free',
      'node.stray_account_removed',
    ]);
  });

  it('tells what was removed even when something else is still there', () => {
    const work = decision.start as Run['work'];
    const outcome = { ...done({ removed: [stranger] }), findings: ['setuid file /x'] } as WorkOutcome;
    const found = decide(decision.record, { run: { work, fence: 9, outcome } });
    expect(found.record.state).toBe('cleaning');
    expect(found.events.map(({ type }) => type)).toContain('node.stray_account_removed');
  });

  it('is not chosen, neither while it waits for its repair nor before that was decided', () => {
    const waiting = decide({ state: 'free' }, { drift: { ...drift, repairAt: later } });
    expect(waiting.record.state).toBe('free');
    expect(waiting.record.conditions.find(({ type }) => type === 'Schedulable')).toMatchObject({
      status: 'False',
      reason: 'Drifted',
    });
    const candidate = { node: aNode('a'), health: aHealth('alive'), occupied: false, drifted: true };
    expect(whyNotNow(candidate)).toBe('Drifted');
    expect(choosePlacement(aRental(), createRoster([candidate]).offer(), NOW)).toMatchObject({
      kind: 'none',
      reason: 'NoFreeNode',
    });
  });

  it('that a placement was bound to in the same moment is the placement’s', () => {
    const bound = { ...live, readyAt: null, appliedKey: null, appliedExpiresAt: null };
    const { record } = decide({ state: 'free' }, { live: bound, wanted: WANTED, drift });
    expect(record.state).toBe('provisioning');
  });
});

describe('cleaning', () => {
  const repairOf = (record: Partial<NodeRecord>, set: Partial<NodeInputs> = {}) =>
    decide({ state: 'cleaning', verifiedAt: null, ...record }, set).start?.repair;

  it('looks for strays when an earlier attempt failed, since they may be why', () => {
    expect(repairOf({})).toBeUndefined();
    expect(repairOf({ attempt: 1 })).toMatchObject({ precaution: true });
    expect(repairOf({ state: 'quarantined' })).toMatchObject({ precaution: true });
    expect(repairOf({}, { drift: aReport({ strays: [stranger] }) })).toMatchObject({ strays: true });
  });

  it('never removes the accounts that a machine brought along when it joined', () => {
    const drift = aReport({ strays: [stranger] });
    for (const record of [{}, { attempt: 3 }, { state: 'quarantined' as const }]) {
      expect(repairOf({ ...record, preparedAt: null }, { drift })).toBeUndefined();
    }
  });
});
