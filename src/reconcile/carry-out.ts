import { describeLacking } from '../core/model/limits.ts';
import type { Policy } from '../core/model/policy.ts';
import { failed, failureOf, type Repaired, type Work, type WorkOutcome } from '../core/model/work.ts';
import { describeDrift } from '../core/node/drift.ts';
import type { AccessQuery, NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRequest, PlaybookResult, PlaybookRunner } from '../core/ports/playbooks.ts';

export interface CarryOutDeps {
  playbooks: PlaybookRunner;
  access: AccessQuery;
  policy: () => Policy;
  /** False as soon as another daemon may be leading. */
  mayAct: () => boolean;
}

/** Timeout for asking sshd whether it accepts a key. */
const ACCESS_TIMEOUT_MS = 10_000;

/**
 * Does one piece of work on a node under one fence number. Every step is idempotent, so work that was cut off is
 * done again. Never rejects: a failure is an outcome.
 */
export async function carryOut(
  work: Work,
  target: NodeTarget,
  fence: number,
  deps: CarryOutDeps,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const outcome =
    work.kind === 'ensureAccess'
      ? await ensureAccess(work, target, fence, deps, signal)
      : await clean(work, target, fence, deps, signal);
  return signal.aborted || !deps.mayAct() ? { kind: 'aborted' } : outcome;
}

function adopting({ adopt }: Work, target: NodeTarget): NodeTarget {
  return adopt ? { ...target, adoptFrom: adopt.fleet } : target;
}

type Step = (request: PlaybookRequest) => Promise<PlaybookResult>;

const NOT_SENT: PlaybookResult = {
  ok: false,
  reason: 'PlaybookKilled',
  message: 'not sent, since another daemon may be leading',
  task: null,
  fenceSeen: null,
  uidSeen: null,
  outcomeUnknown: false,
};

/** Checks before each order: since the last one, the process may have been suspended until leadership expired. */
function createStep(
  target: NodeTarget,
  timeoutMs: number,
  { playbooks, mayAct }: CarryOutDeps,
  signal: AbortSignal,
): Step {
  return async (request) =>
    mayAct() ? await playbooks.run(target, request, { timeoutMs, signal }) : NOT_SENT;
}

/** Restores the client's access before it removes strays: other changes made by hand must not delay access. */
async function ensureAccess(
  work: Work & { kind: 'ensureAccess' },
  target: NodeTarget,
  fence: number,
  deps: CarryOutDeps,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { account, uid, publicKey, expiresAt, repair } = work;
  const policy = deps.policy().limits;
  const limits = work.kept ? { ...policy, required: [] } : policy;
  const step = createStep(adopting(work, target), deps.policy().provision.timeoutMs, deps, signal);
  const repaired = { ...NOTHING_REPAIRED };
  const end = (outcome: WorkOutcome) => withRepaired(outcome, repair && repaired);
  if (repair && repair.way.length > 0) {
    const prepared = await step({ playbook: 'prepare_node', fence, keepBaseline: true });
    if (!prepared.ok || signal.aborted) return end(outcomeOf(prepared));
    repaired.way = prepared.changed;
  }
  const create = { playbook: 'create_user', fence, account, uid, publicKey, expiresAt, limits } as const;
  let result = await step(create);
  if (!result.ok && result.reason === 'NotPrepared' && !signal.aborted) {
    // Another machine has taken the place of the old one, and no inspection has shown it yet.
    const prepared = await step({ playbook: 'prepare_node', fence, keepBaseline: true });
    result = prepared.ok && !signal.aborted ? await step(create) : prepared;
  }
  const made = outcomeOf(result);
  if (!result.ok || signal.aborted) return end(made);
  repaired.access = result.changed;
  const refusal = await askAccess(work, target, deps, signal);
  if (refusal || signal.aborted) return end(refusal ?? made);
  if (repair?.strays) Object.assign(repaired, await removeStrays(step, fence, { account, uid }));
  return end(made);
}

/** Null when sshd takes the key. */
async function askAccess(
  { account, publicKey }: Work & { kind: 'ensureAccess' },
  target: NodeTarget,
  { access }: CarryOutDeps,
  signal: AbortSignal,
): Promise<WorkOutcome | null> {
  const options = { timeoutMs: ACCESS_TIMEOUT_MS, signal };
  const answer = await access.isKeyAccepted(target, account, publicKey, options);
  if (answer.kind === 'accepted') return null;
  return answer.kind === 'refused'
    ? failed('ProvisionFailed', 'sshd does not accept the key for the account')
    : failed(answer.reason, answer.message);
}

const NOTHING_REPAIRED: Repaired = { access: false, way: false, removed: [], left: null };

function withRepaired(outcome: WorkOutcome, repaired: Repaired | undefined): WorkOutcome {
  return repaired && outcome.kind !== 'aborted' ? { ...outcome, repaired } : outcome;
}

async function removeStrays(
  step: Step,
  fence: number,
  keep: { account: string; uid: number } | null,
): Promise<Pick<Repaired, 'removed' | 'left'>> {
  const result = await step({ playbook: 'remove_strays', fence, keep });
  if (!result.ok) return { removed: [], left: `${result.reason}: ${result.message}` };
  const { removed, findings } = result;
  return { removed, left: findings.length > 0 ? describeDrift(findings) : null };
}

async function clean(
  work: Work & { kind: 'clean' },
  target: NodeTarget,
  fence: number,
  deps: CarryOutDeps,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const step = createStep(adopting(work, target), deps.policy().clean.timeoutMs, deps, signal);
  const { repair } = work;
  const policy = deps.policy().limits;
  // The limits that hold are reported in any case. Required limits are judged only at the end, so that a node that
  // lacks one is still cleaned.
  const limits = { ...policy, required: [] };
  const steps: PlaybookRequest[] = [
    ...(work.prepare ? [{ playbook: 'prepare_node', fence, limits } as const] : []),
    ...(repair ? [{ playbook: 'prepare_node', fence, keepBaseline: true, limits } as const] : []),
    ...work.residue.map(({ account, uid }) => ({ playbook: 'delete_user', fence, account, uid }) as const),
  ];
  const repaired = { ...NOTHING_REPAIRED };
  let seen: Pick<PlaybookResult & { ok: true }, 'limits'> = {};
  const end = (outcome: WorkOutcome) =>
    withRepaired(outcome.kind === 'aborted' ? outcome : { ...outcome, ...seen }, repair && repaired);
  for (const request of steps) {
    const result = await step(request);
    if (!result.ok || signal.aborted) return end(outcomeOf(result));
    if (request.playbook === 'prepare_node') repaired.way = result.changed;
    if (result.limits) seen = { limits: result.limits };
  }
  // Nobody is on the node, so all strays are removed, whatever an inspection saw. The verification finds and reports
  // what can't be removed.
  if (repair) repaired.removed = (await removeStrays(step, fence, null)).removed;
  const leave = work.leave ? { leave: true } : {};
  const accept = work.accept ? { accept: work.accept.ids } : {};
  const verified = outcomeOf(await step({ playbook: 'verify_clean', fence, ...leave, ...accept }));
  const lacking = work.leave || failureOf(verified) ? null : describeLacking(seen.limits, policy);
  if (lacking === null || verified.kind !== 'done') return end(verified);
  return end({ ...verified, kind: 'failed', reason: 'LimitNotHeld', message: lacking });
}

/** The outcome as far as the playbook reports it. */
function outcomeOf(result: PlaybookResult): WorkOutcome {
  if (result.ok) {
    const { fenceSeen, uidSeen, findings, limits, differences, accepted } = result;
    const verified = { ...(differences && { differences }), ...(accepted && { accepted }) };
    return { kind: 'done', fenceSeen, uidSeen, findings, ...verified, ...(limits && { limits }) };
  }
  const message = result.task ? `${result.task}: ${result.message}` : result.message;
  return failed(result.reason, message, result);
}
