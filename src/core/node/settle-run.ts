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
  // Nothing was tried on the node, so no attempt is counted and no placement ends.
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

/** The higher numbers that a node knows than the database; null: it reported none. */
function raiseFor(run: Run, outcome: WorkOutcome, node: Node): NodeDecision['raise'] {
  if (outcome.kind !== 'failed' || outcome.reason !== 'FenceTooLow') return null;
  return {
    fence: believedFence(run.fence, outcome.fenceSeen ?? 0, outcome.fenceProven ?? false),
    nextUid: Math.max(node.record.nextUid, (outcome.uidSeen ?? 0) + 1),
  };
}

/**
 * True if a higher fence number is all that the next order needs, so this one does not count as failed. False if the
 * node's number is not believed in full, or if the uid was used before: a placement keeps its uid for good, so it
 * fails, and the next one gets another uid.
 */
function isRetriedAsIs(run: Run, outcome: WorkOutcome, { fence }: { fence: number }): boolean {
  const seen = outcome.kind === 'failed' ? (outcome.fenceSeen ?? 0) : 0;
  return fence === seen && (run.work.kind === 'clean' || seen > run.fence);
}

/** Records the limits that were measured on the node, even if the work failed. */
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
    // If the node was in the fleet before, or the database was restored, it has used uids that are unknown here.
    const nextUid = Math.min(Math.max(record.nextUid, outcome.uidSeen + 1), LAST_UID + 1);
    const preparedAt = work.leave ? null : (record.preparedAt ?? now);
    const verified = { ...record, preparedAt, verifiedAt: now, nextUid, lastCleaningReason: null };
    return { record: verified, cleaned: epochs };
  }
  const failure = failureOf(outcome);
  // Recorded once, however often it is retried. A failure that leads to quarantine is reported by that event.
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
  // A failed repair has its own backoff, so that tampering with the node does not delay a changed key.
  if (outcome.kind !== 'failed' || (work.repair && isGiven(live, work))) return { record };
  const attempt = record.attempt + 1;
  // An account that never worked is better made on another node: nobody depends on this one yet. The prober judges
  // silence, so here the first three such failures cost a retry, not the placement.
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
