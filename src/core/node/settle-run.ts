import { believedFence } from '../model/fleet-identity.ts';
import { isGiven } from '../model/lease.ts';
import { LAST_UID, type Node, type NodeRecord } from '../model/node.ts';
import { isBeingCleaned, STATES } from '../model/node-states.ts';
import {
  failureOf,
  isUnfinished,
  isUnreachable,
  type Run,
  type Work,
  type WorkOutcome,
} from '../model/work.ts';
import { computeDelayMs, NODE_BACKOFF, OWN_FAULT_PAUSE_MS, QUARANTINE_RETRY_MS } from '../text/backoff.ts';
import { noteDifferences } from './acceptance.ts';
import { noteFleet } from './adoption.ts';
import { type NodeDecision, type Step, takeSteps } from './decision.ts';
import type { NodeInputs } from './inputs.ts';
import { describeRepaired } from './repair.ts';

/** What a finished run changes, apart from the state. */
export function settleRun(record: NodeRecord, inputs: NodeInputs): Step {
  const { run } = inputs;
  const outcome = run?.outcome;
  if (!run || !outcome || outcome.kind === 'aborted') return { record };
  return takeSteps(record, [
    (before) => noteFleet(before, inputs),
    (before) => noteDifferences(before, inputs),
    (before) => ({ record: before, events: describeRepaired(run) }),
    (before) => settleOutcome(before, run, outcome, inputs),
  ]);
}

function settleOutcome(
  record: NodeRecord,
  run: Run,
  outcome: Exclude<WorkOutcome, { kind: 'aborted' }>,
  inputs: NodeInputs,
): Step {
  // The node has not tried anything, so no attempt is counted and no placement ends for it.
  if (outcome.kind === 'postponed')
    return { record: { ...record, nextAttemptAt: new Date(inputs.now.getTime() + OWN_FAULT_PAUSE_MS) } };
  const raise = raiseFor(run, outcome, inputs.node);
  if (raise && isRetriedAsIs(run, outcome, raise)) return { record, raise };
  const measured = recordLimits(record, outcome, inputs.now);
  const settled =
    run.work.kind === 'clean'
      ? settleCleaning(measured, run, inputs)
      : settleAccess(measured, run.work, outcome, inputs);
  return { ...settled, raise };
}

/** What the node knows more of than the database; null when it does not say so. */
function raiseFor(run: Run, outcome: WorkOutcome, node: Node): NodeDecision['raise'] {
  if (outcome.kind !== 'failed' || outcome.reason !== 'FenceTooLow') return null;
  return {
    fence: believedFence(run.fence, outcome.fenceSeen ?? 0, outcome.fenceProven ?? false),
    nextUid: Math.max(node.record.nextUid, (outcome.uidSeen ?? 0) + 1),
  };
}

/**
 * A higher fence number is in the next order anyway, unless the node is not believed. A uid that was used is the
 * placement's own for good, so the placement fails, and another one gets another uid.
 */
function isRetriedAsIs(run: Run, outcome: WorkOutcome, { fence }: { fence: number }): boolean {
  const seen = outcome.kind === 'failed' ? (outcome.fenceSeen ?? 0) : 0;
  return fence === seen && (run.work.kind === 'clean' || seen > run.fence);
}

/** What was measured on the node, whatever became of the work. */
function recordLimits(record: NodeRecord, outcome: WorkOutcome, now: Date): NodeRecord {
  if (outcome.kind === 'aborted' || outcome.kind === 'postponed' || !outcome.limits) return record;
  return { ...record, limits: { ...outcome.limits, checkedAt: now.toISOString() } };
}

function settleCleaning(record: NodeRecord, run: Run, { node, now, jitter, residue }: NodeInputs): Step {
  const { outcome, work } = run;
  if (work.kind !== 'clean' || !isBeingCleaned(node.record.state)) return { record };
  if (outcome?.kind === 'done' && outcome.findings.length === 0) {
    const cleaned = new Set(work.residue.map(({ epoch }) => epoch));
    const epochs = residue.map(({ epoch }) => epoch).filter((epoch) => cleaned.has(epoch));
    // A node that was in the fleet before, or whose database was restored, has used uids that are unknown here.
    const nextUid = Math.min(Math.max(record.nextUid, outcome.uidSeen + 1), LAST_UID + 1);
    const preparedAt = work.leave ? null : (record.preparedAt ?? now);
    const verified = { ...record, preparedAt, verifiedAt: now, nextUid, lastCleaningReason: null };
    return { record: verified, cleaned: epochs };
  }
  const failure = failureOf(outcome);
  // Recorded once, however often it is tried again. One that brings about the quarantine is told with that.
  const isEntering = STATES[record.state].work === 'cleanSlowly' && record.state !== node.record.state;
  const isNews = failure !== null && failure.reason !== record.lastCleaningReason && !isEntering;
  const events: Step['events'] = isNews ? [{ type: 'node.cleaning_failed', ...failure }] : [];
  record = { ...record, lastCleaningReason: failure?.reason ?? record.lastCleaningReason };
  const tryAgainIn = (delayMs: number) => new Date(now.getTime() + delayMs);
  if (isUnfinished(outcome)) {
    return {
      record: { ...record, nextAttemptAt: tryAgainIn(computeDelayMs(1, NODE_BACKOFF, jitter)) },
      events,
    };
  }
  if (STATES[record.state].work === 'cleanSlowly') {
    return { record: { ...record, nextAttemptAt: tryAgainIn(QUARANTINE_RETRY_MS) }, events };
  }
  const attempt = record.attempt + 1;
  const nextAttemptAt = tryAgainIn(computeDelayMs(attempt, NODE_BACKOFF, jitter));
  return { record: { ...record, attempt, nextAttemptAt }, events };
}

function settleAccess(
  record: NodeRecord,
  work: Work & { kind: 'ensureAccess' },
  outcome: NonNullable<Run['outcome']>,
  { live, now, jitter }: NodeInputs,
): Step {
  if (live?.epoch !== work.epoch) return { record };
  if (outcome.kind === 'done') {
    const applied = { appliedKey: work.publicKey, appliedExpiresAt: work.expiresAt };
    return {
      record: { ...record, attempt: 0, nextAttemptAt: null },
      placement: live.readyAt === null ? { ...applied, readyAt: now } : applied,
    };
  }
  // A repair that failed waits by itself, so that a changed key is not held up by what somebody did to the node.
  if (outcome.kind !== 'failed' || (work.repair && isGiven(live, work))) return { record };
  const attempt = record.attempt + 1;
  // An account that never worked is better made on another node: nobody depends on this one yet. Silence is
  // for the prober to judge, so it costs a retry here, not the placement.
  const givesUp = live.readyAt === null && (!isUnreachable(outcome.reason) || attempt > 3);
  if (givesUp && STATES[record.state].work === 'ensureAccess') {
    const { reason, message } = outcome;
    // The node is prepared again: the limits that it reported no longer hold, or the policy requires more.
    const { preparedAt } = reason === 'LimitNotHeld' ? { preparedAt: null } : record;
    return {
      record: { ...record, preparedAt, lastFailedAt: now },
      placement: { endedAt: now, endReason: reason },
      events: [{ type: 'rental.placement_failed', reason, message }],
    };
  }
  const delayMs = computeDelayMs(attempt, NODE_BACKOFF, jitter);
  return { record: { ...record, attempt, nextAttemptAt: new Date(now.getTime() + delayMs) } };
}
