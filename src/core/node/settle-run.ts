import { believedFence } from '../model/fleet-identity.ts';
import { isGiven } from '../model/lease.ts';
import { LAST_UID, type NodeRecord } from '../model/node.ts';
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
import { isNewCleaningFailure } from './conditions.ts';
import type { NodeDecision } from './decision.ts';
import type { NodeInputs } from './inputs.ts';
import { describeRepaired } from './repair.ts';

/** What a finished run changes, apart from the state. */
export function settleRun(record: NodeRecord, inputs: NodeInputs, decision: NodeDecision): NodeRecord {
  const { run, node, now } = inputs;
  const outcome = run?.outcome;
  if (!run || !outcome || outcome.kind === 'aborted') return record;
  record = noteDifferences(noteFleet(record, inputs, decision), inputs, decision);
  decision.events.push(...describeRepaired(run));
  // No try of the node's, so none is counted, and no placement ends for it.
  if (outcome.kind === 'postponed')
    return { ...record, nextAttemptAt: new Date(now.getTime() + OWN_FAULT_PAUSE_MS) };
  if (outcome.kind === 'failed' && outcome.reason === 'FenceTooLow') {
    const nextUid = Math.max(node.record.nextUid, (outcome.uidSeen ?? 0) + 1);
    const seen = outcome.fenceSeen ?? 0;
    const fence = believedFence(run.fence, seen, outcome.fenceProven ?? false);
    decision.raise = { fence, nextUid };
    // A higher fence number is in the next order anyway, unless the node is not believed. A uid that was used is the
    // placement's own for good, so the placement fails, and another one gets another uid.
    if (fence === seen && (run.work.kind === 'clean' || seen > run.fence)) return record;
  }
  const told = recordLimits(record, outcome, inputs.now);
  return run.work.kind === 'clean'
    ? settleCleaning(told, run, inputs, decision)
    : settleAccess(told, run.work, outcome, inputs, decision);
}

/** What was measured on the node, whatever became of the work. */
function recordLimits(record: NodeRecord, outcome: WorkOutcome, now: Date): NodeRecord {
  if (outcome.kind === 'aborted' || outcome.kind === 'postponed' || !outcome.limits) return record;
  return { ...record, limits: { ...outcome.limits, checkedAt: now.toISOString() } };
}

function settleCleaning(
  record: NodeRecord,
  run: Run,
  { node, now, jitter, residue }: NodeInputs,
  decision: NodeDecision,
): NodeRecord {
  const { outcome, work } = run;
  if (work.kind !== 'clean' || !isBeingCleaned(node.record.state)) {
    return record;
  }
  if (outcome?.kind === 'done' && outcome.findings.length === 0) {
    const cleaned = new Set(work.residue.map(({ epoch }) => epoch));
    decision.cleaned = residue.map(({ epoch }) => epoch).filter((epoch) => cleaned.has(epoch));
    // A node that was in the fleet before, or whose database was restored, has used uids that are unknown here.
    const nextUid = Math.min(Math.max(record.nextUid, outcome.uidSeen + 1), LAST_UID + 1);
    const preparedAt = work.leave ? null : (record.preparedAt ?? now);
    return { ...record, preparedAt, verifiedAt: now, nextUid };
  }
  const failure = failureOf(outcome);
  if (failure && isNewCleaningFailure(record, failure.reason))
    decision.events.push({ type: 'node.cleaning_failed', ...failure });
  if (isUnfinished(outcome)) {
    return { ...record, nextAttemptAt: new Date(now.getTime() + computeDelayMs(1, NODE_BACKOFF, jitter)) };
  }
  if (STATES[record.state].work === 'cleanSlowly') {
    return { ...record, nextAttemptAt: new Date(now.getTime() + QUARANTINE_RETRY_MS) };
  }
  const attempt = record.attempt + 1;
  const delayMs = computeDelayMs(attempt, NODE_BACKOFF, jitter);
  return { ...record, attempt, nextAttemptAt: new Date(now.getTime() + delayMs) };
}

function settleAccess(
  record: NodeRecord,
  work: Work & { kind: 'ensureAccess' },
  outcome: NonNullable<Run['outcome']>,
  { live, now, jitter }: NodeInputs,
  decision: NodeDecision,
): NodeRecord {
  if (live?.epoch !== work.epoch) return record;
  if (outcome.kind === 'done') {
    decision.placement = { appliedKey: work.publicKey, appliedExpiresAt: work.expiresAt };
    if (live.readyAt === null) decision.placement.readyAt = now;
    return { ...record, attempt: 0, nextAttemptAt: null };
  }
  // A repair that failed waits by itself, so that a changed key is not held up by what somebody did to the node.
  if (outcome.kind !== 'failed' || (work.repair && isGiven(live, work))) return record;
  const attempt = record.attempt + 1;
  // An account that never worked is better made on another node: nobody depends on this one yet. Silence is
  // for the prober to judge, so it costs a retry here, not the placement.
  const givesUp = live.readyAt === null && (!isUnreachable(outcome.reason) || attempt > 3);
  if (givesUp && STATES[record.state].work === 'ensureAccess') {
    decision.placement = { endedAt: now, endReason: outcome.reason };
    decision.events.push({
      type: 'rental.placement_failed',
      reason: outcome.reason,
      message: outcome.message,
    });
    // It is looked at anew: what it told of its limits does not hold any more, or the policy asks for more.
    const { preparedAt } = outcome.reason === 'LimitNotHeld' ? { preparedAt: null } : record;
    return { ...record, preparedAt, lastFailedAt: now };
  }
  const delayMs = computeDelayMs(attempt, NODE_BACKOFF, jitter);
  return { ...record, attempt, nextAttemptAt: new Date(now.getTime() + delayMs) };
}
