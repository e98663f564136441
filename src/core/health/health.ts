import { isOwnFault } from '../failure/own-fault.ts';
import type { Reason } from '../failure/reason.ts';
import type { NodeStatus } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import type { ProbeResult } from '../model/probe.ts';

/**
 * What the daemon has seen of a node since it began to lead. Never stored, so that no node is judged on stale times
 * after a restart, a takeover or a database outage. All times are on the monotonic clock.
 */
export interface Health {
  /** The verdict of this leader; `unknown` until the first probe is done. */
  verdict: NodeStatus;
  failures: number;
  /** The node has been failing at least since then, as the first of its consecutive failed probes shows. */
  failingSinceMs: number | null;
  /**
   * The end of the last failed probe before the one that gave the verdict `dead`. Before the death moves any rental,
   * the other nodes must have been probed since: a node that first failed alone may now be silent with all others.
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
  /** The control plane could not probe it through its own fault: the verdict is kept, but nothing relies on it. */
  isUnlooked: boolean;
  /** When the last probe that says something about it ended. */
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

/** Seems well, but has not been probed since then. */
export function isUnseenSince(health: Health, sinceMs: number): boolean {
  return health.failures === 0 && health.verdict !== 'dead' && (health.lookedAtMs ?? -1) < sinceMs;
}

/** May a client be sent there now? Fails closed: only after a good probe by this leader. */
export function isTrusted(health: Health | undefined): boolean {
  return health !== undefined && health.verdict === 'alive' && health.failures === 0 && !health.isUnlooked;
}

/** How long it had answered without a failure by its last probe. */
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
 * negative one does not delay the verdict; classify.ts then waits for a person).
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

/** Often enough to notice soon that the fault is over, rarely enough not to add to it. */
const OWN_FAULT_RETRY_MS = 5_000;

/** A fault of the control plane says nothing about the node, so what was seen of the node is kept. */
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
  // A host that refuses was already failing when the probe began, so a refusal counts from there. Silence counts from
  // the passed deadline, since what was sent may have been lost on the way.
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
    // A dead node whose failures are counted afresh is confirmed as quickly as a new failure.
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

/** Judged dead, but its failures since it was last judged afresh do not confirm that yet. */
export function isUnconfirmed(health: Health, policy: Policy['probe']): boolean {
  return health.verdict === 'dead' && !isLongEnough(health, policy);
}

/** Judges a failing node afresh: keeps the verdict, but resets the failures and times behind it and probes now. */
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
  // The probe that can give the verdict is not put off past the earliest time for it.
  return judgedAtMs > nowMs ? Math.min(nowMs + step, judgedAtMs) : nowMs + step;
}

/** The interval between probes of a failing node, rounded for people. */
export function failingIntervalMs(health: Health, policy: Policy['probe']): number {
  const ms = health.verdict === 'dead' ? deadProbeIntervalMs(policy) : confirmationStepMs(policy);
  return ms < 1_000 ? Math.round(ms) : 1_000 * Math.round(ms / 1_000);
}

function confirmationStepMs({ deadAfterMs, failures }: Policy['probe']): number {
  return Math.max(deadAfterMs / failures, 500);
}

/** A dead node is probed every `deadAfter` (at least 1 s, at most the interval), so that its return is seen soon. */
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
