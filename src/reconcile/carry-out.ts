import type { Policy } from '../core/policy.ts';
import type { AccessQuery, NodeTarget, PlaybookRequest, PlaybookRunner } from '../core/ports.ts';
import { outcomeOf, type Work, type WorkOutcome } from '../core/work.ts';

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

async function ensureAccess(
  { account, uid, publicKey }: Work & { kind: 'ensureAccess' },
  target: NodeTarget,
  fence: number,
  { playbooks, access, policy }: CarryOutDeps,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { timeoutMs } = policy().provision;
  const request: PlaybookRequest = { playbook: 'create_user', fence, account, uid, publicKey };
  const made = outcomeOf(await playbooks.run(target, request, { timeoutMs, signal }));
  if (made.kind !== 'done' || signal.aborted) return made;
  const answer = await access.isKeyAccepted(target, account, publicKey, {
    timeoutMs: ACCESS_TIMEOUT_MS,
    signal,
  });
  if (answer.kind === 'accepted') return made;
  const failed = { kind: 'failed', fenceSeen: null, uidSeen: null } as const;
  return answer.kind === 'refused'
    ? { ...failed, reason: 'ProvisionFailed', message: 'sshd does not accept the key for the new account' }
    : { ...failed, reason: answer.reason, message: answer.message };
}

async function clean(
  { prepare, residue }: Work & { kind: 'clean' },
  target: NodeTarget,
  fence: number,
  { playbooks, policy }: CarryOutDeps,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { timeoutMs } = policy().clean;
  const steps: PlaybookRequest[] = [
    ...(prepare ? [{ playbook: 'prepare_node', fence } as const] : []),
    ...residue.map(({ account, uid }) => ({ playbook: 'delete_user', fence, account, uid }) as const),
  ];
  for (const step of steps) {
    const outcome = outcomeOf(await playbooks.run(target, step, { timeoutMs, signal }));
    if (outcome.kind !== 'done' || signal.aborted) return outcome;
  }
  return outcomeOf(await playbooks.run(target, { playbook: 'verify_clean', fence }, { timeoutMs, signal }));
}
