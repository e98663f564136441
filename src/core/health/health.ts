import { isOwnFault } from '../failure/own-fault.ts';
import type { Reason } from '../failure/reason.ts';
import type { NodeStatus } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import type { ProbeResult } from '../model/probe.ts';

/**
 * What the daemon has seen of a node since it started to lead: never stored, so that after a restart, a
 * take-over or a database outage nobody is judged on stale times. All times are of the monotonic clock.
 */
export interface Health {
  /** The verdict of this leader; `unknown` until the first probe is done. */
  verdict: NodeStatus;
  failures: number;
  /** Since when the node has been failing at least, as the first of the failing probes in a row shows. */
  failingSinceMs: number | null;
  /**
   * The end of the latest failure before the verdict `dead`. Before the death moves anybody, the others have to have
   * been looked at since: what failed alone for a while may now be silent together with everybody else.
   */
  confirmingSinceMs: number | null;
  successes: number;
  succeedingSinceMs: number | null;
  /** How long it had answered without a failure when it began to fail. */
  steadyForMs: number;
  reason: Reason;
  message: string;
  /** The key that the node showed at its first good probe, until it is recorded. */
  hostKey: string | null;
  /** What a node shows instead of its known key. */
  offeredHostKey: string | null;
  offeredFingerprint: string | null;
  /** The control plane could not look at it for a fault of its own: the verdict stands, and nothing relies on it. */
  isUnlooked: boolean;
  /** When the last look at it ended. */
  lookedAtMs: number | null;
  nextProbeAtMs: number;
}

export function createHealth(nowMs: number): Health {
  return {
    verdict: 'unknown',
    failures: 0,
    failingSinceMs: null,
    confirmingSinceMs: null,
    successes: 0,
    succeedingSinceMs: null,
    steadyForMs: 0,
    reason: 'NotProbedYet',
    message: 'not probed yet',
    hostKey: null,
    offeredHostKey: null,
    offeredFingerprint: null,
    isUnlooked: false,
    lookedAtMs: null,
    nextProbeAtMs: nowMs,
  };
}

/** Failing now, but not (yet) judged dead. */
export function isSuspect(health: Health): boolean {
  return health.failures > 0 && health.verdict !== 'dead';
}

/** Seems well, but nobody has looked since then. */
export function isUnseenSince(health: Health, sinceMs: number): boolean {
  return health.failures === 0 && health.verdict !== 'dead' && (health.lookedAtMs ?? -1) < sinceMs;
}

/** May a client be sent there now? Fail closed: only after a good look by this very leader. */
export function isTrusted(health: Health | undefined): boolean {
  return health !== undefined && health.verdict === 'alive' && health.failures === 0 && !health.isUnlooked;
}

/** For how long it has answered by now without a failure, as far as it was looked at. */
export function steadyForMs({ succeedingSinceMs, lookedAtMs }: Health): number {
  return succeedingSinceMs === null ? 0 : (lookedAtMs ?? succeedingSinceMs) - succeedingSinceMs;
}

export interface Observation {
  result: ProbeResult;
  startedAtMs: number;
  endedAtMs: number;
}

/**
 * Health after one more probe. The first failure makes a node suspect; `failures` in a row over at least
 * `deadAfter` make it dead; a dead node is alive again after `successes` in a row over at least `healthyDelay` (a
 * negative one is no part of the verdict: classify.ts then waits for a person).
 * `jitter` is 0 to 1, from the caller.
 */
export function judge(
  health: Health,
  observation: Observation,
  policy: Policy['probe'],
  jitter: number,
): Health {
  const looked = { ...health, isUnlooked: false };
  if (observation.result.ok)
    return judgeSuccess(looked, observation.result.hostKey, observation, policy, jitter);
  return isOwnFault(observation.result.reason)
    ? postpone(health, observation, policy, jitter)
    : judgeFailure(looked, observation.result, observation, policy, jitter);
}

/** Often enough to see soon that the fault is over, rare enough not to add to it. */
const OWN_FAULT_RETRY_MS = 5_000;

/** What the control plane lacks says nothing about the node: it is judged by nothing that was not seen of it. */
function postpone(
  health: Health,
  { endedAtMs }: Observation,
  policy: Policy['probe'],
  jitter: number,
): Health {
  const retryMs = Math.min(OWN_FAULT_RETRY_MS, policy.intervalMs);
  return { ...health, isUnlooked: true, nextProbeAtMs: endedAtMs + spread(retryMs, jitter) };
}

function judgeFailure(
  health: Health,
  result: ProbeResult & { ok: false },
  { startedAtMs, endedAtMs }: Observation,
  policy: Policy['probe'],
  jitter: number,
): Health {
  const failures = health.failures + 1;
  // A host that says no was not there when it was asked; of silence only its end is known: what was sent may have been
  // lost on the way. So a refusal counts from the beginning of its probe, silence from when its deadline passed.
  const failingSinceMs = health.failingSinceMs ?? (result.evidence === 'strong' ? startedAtMs : endedAtMs);
  const isDead = isLongEnough({ failures, failingSinceMs, lookedAtMs: endedAtMs }, policy);
  const verdict = isDead ? 'dead' : health.verdict;
  const confirmingSinceMs = verdict === 'dead' ? (health.confirmingSinceMs ?? startedAtMs) : endedAtMs;
  return {
    ...health,
    verdict,
    failures,
    failingSinceMs,
    confirmingSinceMs,
    successes: 0,
    succeedingSinceMs: null,
    steadyForMs: health.failures === 0 ? steadyForMs(health) : health.steadyForMs,
    reason: result.reason,
    message: result.message,
    offeredHostKey: result.offeredHostKey,
    offeredFingerprint: result.offeredFingerprint,
    lookedAtMs: endedAtMs,
    // One that was judged dead before is confirmed as quickly when its failures are counted anew.
    nextProbeAtMs: isDead
      ? endedAtMs + spread(deadProbeIntervalMs(policy), jitter)
      : nextConfirmationAtMs(failures, failingSinceMs, endedAtMs, policy),
  };
}

function isLongEnough(
  { failures, failingSinceMs, lookedAtMs }: Pick<Health, 'failures' | 'failingSinceMs' | 'lookedAtMs'>,
  policy: Policy['probe'],
): boolean {
  if (failingSinceMs === null || lookedAtMs === null) return false;
  return failures >= policy.failures && lookedAtMs - failingSinceMs >= policy.deadAfterMs;
}

/** Judged dead, but its failures since it was last looked at anew do not say so yet. */
export function isUnconfirmed(health: Health, policy: Policy['probe']): boolean {
  return health.verdict === 'dead' && !isLongEnough(health, policy);
}

/** What is failing has its times reset, and is looked at now: the verdict stands, what it rests on is to be seen anew. */
export function restart(health: Health, nowMs: number): Health {
  if (health.failures === 0) return health;
  return { ...health, failures: 1, failingSinceMs: nowMs, nextProbeAtMs: nowMs };
}

/** Quick confirmation: 1 s and 2 s after the first failure, then every deadAfter / failures. */
function nextConfirmationAtMs(
  failures: number,
  failingSinceMs: number,
  nowMs: number,
  policy: Policy['probe'],
): number {
  if (failures <= 2) return Math.max(failingSinceMs + failures * 1_000, nowMs);
  const step = confirmationStepMs(policy);
  const judgedAtMs = failingSinceMs + policy.deadAfterMs;
  // The probe that can give the verdict is not put off past the moment when it may.
  return judgedAtMs > nowMs ? Math.min(nowMs + step, judgedAtMs) : nowMs + step;
}

/** How long a failing node waits for its next probe, as far as people want to know it. */
export function failingIntervalMs(health: Health, policy: Policy['probe']): number {
  const ms = health.verdict === 'dead' ? deadProbeIntervalMs(policy) : confirmationStepMs(policy);
  return ms < 1_000 ? Math.round(ms) : 1_000 * Math.round(ms / 1_000);
}

function confirmationStepMs({ deadAfterMs, failures }: Policy['probe']): number {
  return Math.max(deadAfterMs / failures, 500);
}

/** A dead node is looked at as often as its death was confirmed, so that its return is seen soon. */
function deadProbeIntervalMs(policy: Policy['probe']): number {
  return Math.min(Math.max(policy.deadAfterMs, 1_000), policy.intervalMs);
}

function judgeSuccess(
  health: Health,
  hostKey: string,
  { endedAtMs }: Observation,
  policy: Policy['probe'],
  jitter: number,
): Health {
  const successes = health.successes + 1;
  const succeedingSinceMs = health.succeedingSinceMs ?? endedAtMs;
  const isSteady = successes >= policy.successes && endedAtMs - succeedingSinceMs >= policy.healthyDelayMs;
  const recovering = health.verdict === 'dead' && !isSteady;
  return {
    ...health,
    verdict: recovering ? 'dead' : 'alive',
    failures: 0,
    failingSinceMs: null,
    successes,
    succeedingSinceMs,
    reason: recovering ? 'Recovering' : 'Alive',
    message: recovering ? 'the node answers again, but not for long enough yet' : 'the node answers',
    hostKey: health.hostKey ?? hostKey,
    offeredHostKey: null,
    offeredFingerprint: null,
    lookedAtMs: endedAtMs,
    nextProbeAtMs: endedAtMs + spread(recovering ? recoveryIntervalMs(policy) : policy.intervalMs, jitter),
  };
}

function recoveryIntervalMs(policy: Policy['probe']): number {
  return Math.min(Math.max(policy.healthyDelayMs / policy.successes, 1_000), policy.intervalMs);
}

/** Up to 10 % sooner, never later: every node is probed at least every interval. */
function spread(intervalMs: number, jitter: number): number {
  return intervalMs * (1 - 0.1 * jitter);
}
