import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../core/model/policy.ts';
import type { Repair, Work } from '../core/model/work.ts';
import type { AccessQuery, NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRequest, PlaybookResult } from '../core/ports/playbooks.ts';
import { aPlacement, KEY, WANTED } from '../core/rows.fixture.ts';
import { carryOut } from './carry-out.ts';

type Name = PlaybookRequest['playbook'];
const fine: PlaybookResult = {
  ok: true,
  changed: false,
  fenceSeen: 9,
  uidSeen: 20_000,
  findings: [],
  removed: [],
};
const full: PlaybookResult = {
  ok: false,
  reason: 'DiskFull',
  task: null,
  message: 'no space',
  fenceSeen: 9,
  uidSeen: 20_000,
  outcomeUnknown: false,
};
const target: NodeTarget = {
  name: 'a',
  host: '127.0.0.1',
  port: 22,
  user: 'root',
  privateKeyPath: '/k',
  hostKey: KEY,
};
const owner = { account: 'rtest0001', uid: 20_000 };
const repair: Repair = { access: [], way: [], strays: false, precaution: false, count: 1 };
const access: Work = { kind: 'ensureAccess', epoch: 4, ...owner, ...WANTED };
const clean: Work = { kind: 'clean', prepare: false, residue: [aPlacement(1, 'a')] };

/** The answer of each playbook, and the requests that were run. */
let answers: Partial<Record<Name, PlaybookResult>>;
let accepts: Awaited<ReturnType<AccessQuery['isKeyAccepted']>>;
let ran: PlaybookRequest[];
let mayAct: boolean;
let policy: Policy;
let onRun: (request: PlaybookRequest) => void;
beforeEach(() => {
  mayAct = true;
  policy = DEFAULT_POLICY;
  onRun = () => undefined;
  answers = {};
  accepts = { kind: 'accepted' };
  ran = [];
});

function perform(work: Work, signal = new AbortController().signal) {
  const deps = {
    playbooks: {
      run: async (_target: NodeTarget, request: PlaybookRequest) => {
        ran.push(request);
        onRun(request);
        return answers[request.playbook] ?? fine;
      },
      close: async () => undefined,
    },
    access: { isKeyAccepted: async () => accepts },
    policy: () => policy,
    mayAct: () => mayAct,
  };
  return carryOut(work, target, 9, deps, signal);
}
const { limits } = DEFAULT_POLICY;
const names = () => ran.map(({ playbook }) => playbook);

describe('work without a repair', () => {
  it('runs what it always ran', async () => {
    expect(await perform(access)).toEqual({ kind: 'done', fenceSeen: 9, uidSeen: 20_000, findings: [] });
    await perform(clean);
    await perform({ ...clean, prepare: true });
    expect(names()).toEqual([
      'create_user',
      ...(['delete_user', 'verify_clean'] as const),
      ...(['prepare_node', 'delete_user', 'verify_clean'] as const),
    ]);
    expect(ran.map((request) => 'keepBaseline' in request)).not.toContain(true);
  });
});

describe('limits of what a client may take', () => {
  const held = { holds: true, message: 'at most 64' };
  const measured = {
    processes: held,
    memory: { holds: false, message: 'no control group' },
    userNamespaces: held,
  };

  it('that the policy requires and the node does not hold keep a node that is clean from being lent', async () => {
    policy = { ...DEFAULT_POLICY, limits: { ...limits, required: ['processes', 'memory'] } };
    answers = { prepare_node: { ...fine, limits: measured } };
    expect(await perform({ ...clean, prepare: true })).toMatchObject({
      kind: 'failed',
      reason: 'LimitNotHeld',
      message: 'the policy requires limits that the node does not enforce: memory: no control group',
      limits: measured,
    });
    // The node was cleaned first, so that nothing of a client is left on it until then.
    expect(names()).toEqual(['prepare_node', 'delete_user', 'verify_clean']);
    // A node that leaves the fleet needs no limits, since it is not lent again.
    expect(await perform({ ...clean, prepare: true, leave: true })).toMatchObject({ kind: 'done' });
  });

  it('that the policy has come to require do not end the access of a client who is there', async () => {
    policy = { ...DEFAULT_POLICY, limits: { ...limits, required: ['memory'] } };
    await perform(access);
    await perform({ ...access, kept: true });
    expect(ran.map((request) => 'limits' in request && request.limits?.required)).toEqual([['memory'], []]);
  });

  it('are told with the outcome where nothing is required', async () => {
    answers = { prepare_node: { ...fine, limits: measured }, create_user: { ...fine, limits: measured } };
    for (const work of [{ ...clean, prepare: true }, access])
      expect(await perform(work)).toMatchObject({ kind: 'done', limits: measured });
  });
});

describe('work of a daemon whose lease may be over', () => {
  it('is not ordered, and says nothing about the node', async () => {
    mayAct = false;
    expect(await perform({ ...clean, prepare: true })).toEqual({ kind: 'aborted' });
    expect(ran).toEqual([]);
  });
});

describe('a repair of a rented node', () => {
  it('of the account is making it again', async () => {
    answers = { create_user: { ...fine, changed: true } };
    const outcome = await perform({ ...access, repair: { ...repair, access: ['locked'] } });
    expect(outcome).toMatchObject({ kind: 'done', repaired: { access: true, way: false, removed: [] } });
    expect(names()).toEqual(['create_user']);
  });

  it('takes no new baseline, keeps its client, and serves the client before strays are removed', async () => {
    answers = {
      prepare_node: { ...fine, changed: true },
      remove_strays: { ...fine, removed: ['the account x with uid 31234'] },
    };
    const outcome = await perform({ ...access, repair: { ...repair, way: ['drop-in'], strays: true } });
    expect(outcome).toMatchObject({
      kind: 'done',
      repaired: { access: false, way: true, removed: ['the account x with uid 31234'], left: null },
    });
    expect(ran).toEqual([
      { playbook: 'prepare_node', fence: 9, keepBaseline: true },
      { playbook: 'create_user', fence: 9, ...owner, ...WANTED, limits },
      { playbook: 'remove_strays', fence: 9, keep: owner },
    ]);
  });

  it.each([
    ['could not be run', full, 'DiskFull: no space'],
    ['left something', { ...fine, findings: ['the account -rf with uid 31270 …'] }, 'the account -rf'],
  ] as const)(
    'is done for the client when removing strays %s, and says what is left',
    async (_case, result, left) => {
      answers = { remove_strays: result as PlaybookResult };
      const outcome = await perform({ ...access, repair: { ...repair, strays: true } });
      expect(outcome).toMatchObject({ kind: 'done', repaired: { left: expect.stringContaining(left) } });
    },
  );

  it('prepares a machine that is new in its place, and then makes the account', async () => {
    const notPrepared: PlaybookResult = { ...full, reason: 'NotPrepared', message: 'the group is missing' };
    onRun = ({ playbook }) => {
      if (playbook === 'prepare_node') answers = {};
    };
    answers = { create_user: notPrepared };
    expect(await perform(access)).toMatchObject({ kind: 'done' });
    expect(ran.slice(0, 3)).toEqual([
      { playbook: 'create_user', fence: 9, ...owner, ...WANTED, limits },
      { playbook: 'prepare_node', fence: 9, keepBaseline: true },
      { playbook: 'create_user', fence: 9, ...owner, ...WANTED, limits },
    ]);
    ran = [];
    onRun = () => undefined;
    answers = { create_user: notPrepared };
    // Only once: if something undoes it at once, the next pass prepares the node again, after a pause.
    expect(await perform(access)).toMatchObject({ kind: 'failed', reason: 'NotPrepared' });
    expect(names()).toEqual(['create_user', 'prepare_node', 'create_user']);
  });

  it('that fails later on still tells what it changed', async () => {
    answers = { prepare_node: { ...fine, changed: true }, create_user: full };
    const work = { ...access, repair: { ...repair, way: ['drop-in'], strays: true } };
    expect(await perform(work)).toMatchObject({
      kind: 'failed',
      reason: 'DiskFull',
      repaired: { way: true },
    });
    answers = { create_user: { ...fine, changed: true } };
    accepts = { kind: 'refused' };
    expect(await perform(work)).toMatchObject({ kind: 'failed', repaired: { access: true } });
    expect(names()).not.toContain('remove_strays');
  });
});

describe('a repair while cleaning', () => {
  it('puts everything right, since nobody is there, and then verifies', async () => {
    answers = { remove_strays: { ...fine, removed: ['x'], findings: ['left'] } };
    const outcome = await perform({ ...clean, repair: { ...repair, strays: true } });
    expect(outcome).toMatchObject({ kind: 'done', findings: [], repaired: { removed: ['x'], left: null } });
    expect(ran).toEqual([
      { playbook: 'prepare_node', fence: 9, keepBaseline: true, limits: { ...limits, required: [] } },
      { playbook: 'delete_user', fence: 9, ...owner },
      { playbook: 'remove_strays', fence: 9, keep: null },
      { playbook: 'verify_clean', fence: 9 },
    ]);
  });

  it('tells what was removed also when the node is not clean or can not be verified', async () => {
    answers = { remove_strays: { ...fine, removed: ['x'] }, verify_clean: full };
    const work = { ...clean, repair };
    expect(await perform(work)).toMatchObject({ kind: 'failed', repaired: { removed: ['x'] } });
  });
});

it('work that is cut off says nothing about the node', async () => {
  for (const work of [access, { ...access, repair: { ...repair, way: ['x'], strays: true } }, clean]) {
    expect(await perform(work, AbortSignal.abort())).toEqual({ kind: 'aborted' });
  }
});
