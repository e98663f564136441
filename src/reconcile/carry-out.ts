import { describeDrift } from '../core/drift.ts';
import type { Policy } from '../core/policy.ts';
import type {
  AccessQuery,
  NodeTarget,
  PlaybookRequest,
  PlaybookResult,
  PlaybookRunner,
} from '../core/ports.ts';
import { outcomeOf, type Repaired, type Work, type WorkOutcome } from '../core/work.ts';

export interface CarryOutDeps {
  playbooks: PlaybookRunner;
  access: AccessQuery;
  policy: () => Policy;
}

/** Time for the question whether a key is accepted. */
const ACCESS_TIMEOUT_MS = 10_000;

/**
 * Does one piece of work on a node under one fence number. Every step is idempotent, so work that was cut off is
 * simply done again. Never rejects: what goes wrong is the outcome.
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
  return signal.aborted ? { kind: 'aborted' } : outcome;
}

type Step = (request: PlaybookRequest) => Promise<PlaybookResult>;

/** The client's access first; what else was changed on the node by hand is not to hold it up. */
async function ensureAccess(
  { account, uid, publicKey, repair }: Work & { kind: 'ensureAccess' },
  target: NodeTarget,
  fence: number,
  { playbooks, access, policy }: CarryOutDeps,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { timeoutMs } = policy().provision;
  const step: Step = (request) => playbooks.run(target, request, { timeoutMs, signal });
  let changed = false;
  if (repair?.way) {
    const prepared = await step({ playbook: 'prepare_node', fence, keepBaseline: true });
    if (!prepared.ok || signal.aborted) return outcomeOf(prepared);
    changed = prepared.changed;
  }
  const result = await step({ playbook: 'create_user', fence, account, uid, publicKey });
  const made = outcomeOf(result);
  if (!result.ok || made.kind !== 'done' || signal.aborted) return made;
  const answer = await access.isKeyAccepted(target, account, publicKey, {
    timeoutMs: ACCESS_TIMEOUT_MS,
    signal,
  });
  if (answer.kind !== 'accepted') {
    const failed = { kind: 'failed', fenceSeen: null, uidSeen: null } as const;
    return answer.kind === 'refused'
      ? { ...failed, reason: 'ProvisionFailed', message: 'sshd does not accept the key for the account' }
      : { ...failed, reason: answer.reason, message: answer.message };
  }
  if (!repair || signal.aborted) return made;
  const swept = repair.strays ? await removeStrays(step, fence, { account, uid }) : NOTHING_REMOVED;
  return { ...made, repaired: { changed: changed || result.changed, ...swept } };
}

const NOTHING_REMOVED = { removed: [], left: null };

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
  { playbooks, policy }: CarryOutDeps,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { timeoutMs } = policy().clean;
  const step: Step = (request) => playbooks.run(target, request, { timeoutMs, signal });
  const steps: PlaybookRequest[] = [
    ...(work.prepare ? [{ playbook: 'prepare_node', fence } as const] : []),
    ...(work.repair?.way ? [{ playbook: 'prepare_node', fence, keepBaseline: true } as const] : []),
    ...work.residue.map(({ account, uid }) => ({ playbook: 'delete_user', fence, account, uid }) as const),
  ];
  let changed = false;
  for (const request of steps) {
    const result = await step(request);
    if (!result.ok || signal.aborted) return outcomeOf(result);
    if (request.playbook === 'prepare_node') changed ||= result.changed;
  }
  // What can't be removed is found by the verification, which tells it.
  const swept = work.repair?.strays ? await removeStrays(step, fence, null) : NOTHING_REMOVED;
  const verified = outcomeOf(await step({ playbook: 'verify_clean', fence }));
  if (!work.repair || verified.kind === 'aborted') return verified;
  return { ...verified, repaired: { changed, removed: swept.removed, left: null } };
}
