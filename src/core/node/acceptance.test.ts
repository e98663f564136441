import { describe, expect, it } from 'vitest';
import { carryOut } from '../../reconcile/carry-out.ts';
import type { AcceptRequest, Differences } from '../model/differences.ts';
import type { NodeRecord } from '../model/node.ts';
import { DEFAULT_POLICY } from '../model/policy.ts';
import type { Run, Work, WorkOutcome } from '../model/work.ts';
import type { PlaybookRequest, PlaybookResult } from '../ports/playbooks.ts';
import { aHealth, aNode, aNodeInputs, NOW } from '../rows.fixture.ts';
import { decideNode } from './decide.ts';
import type { NodeInputs } from './inputs.ts';

const ID = 'a'.repeat(32);
const FOUND: Differences = {
  items: [{ id: ID, kind: 'schedules', text: '/etc/cron.d/new sha256:1' }],
  more: 0,
  others: 1,
};
const NEW = 'schedules: new or changed: /etc/cron.d/new sha256:1';
const ASKED: AcceptRequest = { ids: [ID], reason: 'upgrade', by: 'admin (t) of lab', at: NOW };
const done = (more: object = {}): WorkOutcome & { kind: 'done' } => ({
  kind: 'done',
  fenceSeen: 9,
  uidSeen: 20_000,
  findings: [],
  ...more,
});
const plain: Work = { kind: 'clean', prepare: false, residue: [] };
const ended = (outcome: WorkOutcome, work: Work = plain): Run => ({ work, fence: 9, outcome });

function decide(record: Partial<NodeRecord>, more: Partial<NodeInputs> = {}, asked = false) {
  const requests = asked ? { acceptRequested: 1, accept: ASKED, cleanRequested: 1 } : {};
  const node = aNode('a', { record: { verifiedAt: null, ...record }, requests });
  return decideNode(aNodeInputs({ node, health: aHealth('alive'), ...more }));
}

describe('what differs from the baseline', () => {
  const cleaning = { state: 'cleaning' as const };

  it('stands on record while a verification found it, and goes with one that does not', () => {
    const seen = decide(cleaning, { run: ended(done({ findings: [NEW], differences: FOUND })) });
    expect(seen.record).toMatchObject({ differences: FOUND, verifiedAt: null });
    const failed = ended({ kind: 'failed', reason: 'DiskFull', message: 'x', fenceSeen: 9, uidSeen: 0 });
    expect(decide(seen.record, { run: failed }).record.differences).toEqual(FOUND);
    expect(decide(seen.record, { run: ended(done()) }).record).toMatchObject({
      differences: null,
      state: 'free',
    });
  });

  it('is let in by the next verification once a person says so, also from quarantine', () => {
    const record = {
      state: 'quarantined' as const,
      differences: FOUND,
      nextAttemptAt: new Date(NOW.getTime() + 1e6),
    };
    expect(decide(record).start).toBe(null);
    const asked = decide(record, {}, true);
    expect(asked.record.state).toBe('cleaning');
    expect(asked.start).toMatchObject({ kind: 'clean', accept: { ids: [ID], request: 1 } });
    const taken = decide(asked.record, { run: ended(done({ accepted: [NEW] }), asked.start as Work) }, true);
    expect(taken.record).toMatchObject({ state: 'free', differences: null, acceptSeen: 1 });
    expect(taken.events).toContainEqual({
      type: 'node.accepted',
      reason: 'DifferencesAccepted',
      message: `1 of 1 added to the baseline, by admin (t) of lab: upgrade; ${NEW}`,
    });
    // Once only.
    expect(decide({ ...cleaning, acceptSeen: 1 }, {}, true).start).not.toHaveProperty('accept');
  });

  it('counts until it was carried out: not when the order came to nothing, or went without it', () => {
    const start = decide(cleaning, {}, true).start as Work;
    const unreachable = ended(
      { kind: 'failed', reason: 'PlaybookUnreachable', message: 'x', fenceSeen: null, uidSeen: null },
      start,
    );
    for (const run of [
      unreachable,
      ended(done({ findings: [NEW], differences: FOUND })),
      ended({ kind: 'aborted' }, start),
    ]) {
      const after = decide(cleaning, { run }, true);
      expect([run.outcome?.kind, after.record.acceptSeen]).toEqual([run.outcome?.kind, 0]);
      expect(after.events.map(({ type }) => type)).not.toContain('node.accepted');
    }
    // The named difference is gone and another one is there: the request is used up and accepts nothing else.
    const other = done({ findings: ['other'], differences: FOUND, accepted: [] });
    const after = decide(cleaning, { run: ended(other, start) }, true);
    expect(after.record).toMatchObject({ acceptSeen: 1, differences: FOUND, state: 'cleaning' });
    expect(after.events.find(({ type }) => type === 'node.accepted')?.message).toContain('0 of 1 added');
  });
});

describe('carrying it out', () => {
  it('names it in the order to verify, with the number of that order, and tells what became of it', async () => {
    const sent: PlaybookRequest[] = [];
    const answer: PlaybookResult = {
      ok: true,
      changed: true,
      fenceSeen: 9,
      uidSeen: 0,
      findings: ['x'],
      removed: [],
      differences: FOUND,
      accepted: [NEW],
    };
    const playbooks = {
      run: async (_target: unknown, request: PlaybookRequest) => {
        sent.push(request);
        return answer;
      },
      close: async () => undefined,
    };
    const access = { isKeyAccepted: async () => ({ kind: 'accepted' as const }) };
    const deps = { playbooks, access, policy: () => DEFAULT_POLICY, mayAct: () => true };
    const target = { name: 'a', host: 'h', port: 1, user: 'root', privateKeyPath: '/k', hostKey: null };
    const work: Work = { ...plain, accept: { ids: [ID], request: 1 } } as Work;
    const outcome = await carryOut(work, target, 9, deps, new AbortController().signal);
    expect(sent).toEqual([{ playbook: 'verify_clean', fence: 9, accept: [ID] }]);
    expect(outcome).toMatchObject({ kind: 'done', differences: FOUND, accepted: [NEW] });
  });
});
