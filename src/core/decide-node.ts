import { computeDelayMs, NODE_BACKOFF, QUARANTINE_RETRY_MS } from './backoff.ts';
import { classify } from './classify.ts';
import { findCondition } from './condition.ts';
import { describeDrift, isDrifted, listDrift } from './drift.ts';
import type { EventType } from './event.ts';
import { LAST_UID, type NodeRecord, type NodeState } from './node.ts';
import { computeNodeConditions, isNewCleaningFailure } from './node-conditions.ts';
import type { NodeInputs } from './node-inputs.ts';
import { nextState, workOf } from './node-machine.ts';
import { acceptTrustedKey, hastenCleaning, mayBeRemoved } from './node-wishes.ts';
import type { Reason } from './reason.ts';
import type { Placement } from './rental.ts';
import { chooseCleaningRepair, chooseRepair, describeRepaired } from './repair.ts';
import { failureOf, isUnreachable, type Run, type Work } from './work.ts';

export interface NodeDecision {
  /** The record to save; the same object when nothing changed. */
  record: NodeRecord;
  /** What to write to the live placement, if anything. */
  placement: Partial<Pick<Placement, 'readyAt' | 'appliedKey' | 'endedAt' | 'endReason'>> | null;
  /** Residue that was verified gone. */
  cleaned: number[];
  events: { type: EventType; reason: string; message: string }[];
  /** Work to start after the save, under its fence. */
  start: Work | null;
  /** The run (if any) was taken into account and can be forgotten. */
  settled: boolean;
  /** The running work has lost its reason and is to be killed. */
  abort: boolean;
  /** The node left the inventory and nothing is left on it: delete it. */
  remove: boolean;
  /** The node knows higher numbers than the database: raise the counters before the next try. */
  raise: { fence: number; nextUid: number } | null;
}

/** What to make of one node now. Pure: the same inputs give the same decision. */
export function decideNode(inputs: NodeInputs): NodeDecision {
  const { node, live, residue, run } = inputs;
  const old = node.record;
  const event = classify(inputs);
  const state = event
    ? nextState(old.state, event, {
        bound: live !== null,
        quarantined: findCondition(old.conditions, 'Clean')?.reason === 'Quarantined',
        unverified: residue.length > 0 || old.verifiedAt === null,
      })
    : old.state;
  const decision: NodeDecision = {
    record: old,
    placement: null,
    cleaned: [],
    events: [],
    start: null,
    settled: run?.outcome != null,
    abort: false,
    remove: false,
    raise: null,
  };
  let record = hastenCleaning(recordObserved(inputs, decision), inputs);
  if (state !== old.state) record = enterState(record, state, inputs, decision);
  record = settleRun(record, inputs, decision);
  const conditions = computeNodeConditions({ ...inputs, record });
  if (conditions !== record.conditions) record = { ...record, conditions };
  decision.record = record;
  decision.abort = run !== null && run.outcome === null && !isStillWanted(run, record.state, live);
  decision.remove = mayBeRemoved({ node: { ...node, record }, live, residue }, state);
  if (!decision.remove) decision.start = chooseWork(record, inputs, decision);
  return decision;
}

/** First-seen host key, status and counters that follow from what the prober says. */
function recordObserved({ node, health }: NodeInputs, decision: NodeDecision): NodeRecord {
  let record = node.record;
  const known = node.spec.pinnedHostKey ?? record.hostKey;
  const seen = node.spec.pinnedHostKey ?? record.hostKey ?? health.hostKey;
  if (seen !== null && record.hostKey !== seen) {
    record = { ...record, hostKey: seen };
    if (known === null) {
      const message = 'the first host key seen was recorded; a later change will be refused';
      decision.events.push({ type: 'node.host_key_recorded', reason: 'Alive', message });
    }
  }
  if (health.verdict !== 'unknown' && health.verdict !== record.status) {
    record = { ...record, status: health.verdict };
  }
  const offered = health.offeredHostKey === record.hostKey ? null : health.offeredFingerprint;
  if (health.reason !== 'NotProbedYet' && offered !== record.offeredFingerprint) {
    record = { ...record, offeredFingerprint: offered };
  }
  if (node.generation !== record.observedGeneration) {
    record = { ...record, observedGeneration: node.generation };
  }
  const trusting = acceptTrustedKey(record, { node, health });
  if (trusting !== record) {
    const message = `the host key ${health.offeredFingerprint} is accepted; the node is prepared and verified anew`;
    decision.events.push({ type: 'node.host_key_trusted', reason: 'HostKeyTrusted', message });
  }
  return trusting;
}

const STATE_EVENTS: Record<NodeState, EventType> = {
  unknown: 'node.joined',
  free: 'node.free',
  provisioning: 'node.provisioning',
  allocated: 'node.allocated',
  cleaning: 'node.cleaning',
  quarantined: 'node.quarantined',
  dead: 'node.dead',
};

function enterState(
  record: NodeRecord,
  state: NodeState,
  { node, health, run, now, live, drift }: NodeInputs,
  decision: NodeDecision,
): NodeRecord {
  const outcome = run?.outcome;
  const isSoiled = node.record.state === 'free' && state === 'cleaning';
  const messages: Record<NodeState, [Reason, string]> = {
    unknown: ['NotProbedYet', ''],
    free: ['Clean', 'verified clean; ready to be lent'],
    provisioning: ['Provisioning', `access is being made for placement ${live?.epoch}`],
    allocated: ['Provisioned', `access is confirmed for placement ${live?.epoch}`],
    cleaning:
      isSoiled && isDrifted(drift)
        ? ['Drifted', `no longer known to be clean: ${describeDrift(listDrift(drift))}`]
        : ['NotVerified', 'what is left of earlier use is being removed'],
    quarantined: ['Quarantined', `not lent until cleaned: ${describeFailure(outcome ?? null)}`],
    dead: [health.reason, health.message],
  };
  const [reason, message] = messages[state];
  if (node.record.state === 'dead') {
    decision.events.push({ type: 'node.alive', reason: 'Alive', message: 'the node answers again' });
  }
  decision.events.push({ type: STATE_EVENTS[state], reason, message });
  const next: NodeRecord = { ...record, state, stateSince: now, attempt: 0, nextAttemptAt: null };
  if (state === 'dead') next.lastFailedAt = now;
  // Should it die while it is cleaned, it is not free when it returns.
  if (isSoiled) next.verifiedAt = null;
  if (state === 'quarantined') next.nextAttemptAt = new Date(now.getTime() + QUARANTINE_RETRY_MS);
  next.cleanSeen = node.wishes.cleanRequested;
  return next;
}

function describeFailure(outcome: Run['outcome']): string {
  const failure = failureOf(outcome);
  return failure ? `${failure.reason}: ${failure.message}` : 'unknown';
}

/** What a finished run changes, apart from the state. */
function settleRun(record: NodeRecord, inputs: NodeInputs, decision: NodeDecision): NodeRecord {
  const { run, node } = inputs;
  const outcome = run?.outcome;
  if (!run || !outcome || outcome.kind === 'aborted') return record;
  decision.events.push(...describeRepaired(run));
  if (outcome.kind === 'failed' && outcome.reason === 'FenceTooLow') {
    const nextUid = Math.max(node.record.nextUid, (outcome.uidSeen ?? 0) + 1);
    decision.raise = { fence: outcome.fenceSeen ?? 0, nextUid };
    // A higher fence number is in the next order anyway. A uid that was used is the placement's own for good, so
    // the placement fails, and another one gets another uid.
    if (run.work.kind === 'clean' || (outcome.fenceSeen ?? 0) > run.fence) return record;
  }
  return run.work.kind === 'clean'
    ? settleCleaning(record, run, inputs, decision)
    : settleAccess(record, run.work, outcome, inputs, decision);
}

function settleCleaning(
  record: NodeRecord,
  run: Run,
  { node, now, jitter, residue }: NodeInputs,
  decision: NodeDecision,
): NodeRecord {
  const { outcome, work } = run;
  if (work.kind !== 'clean' || (node.record.state !== 'cleaning' && node.record.state !== 'quarantined')) {
    return record;
  }
  if (outcome?.kind === 'done' && outcome.findings.length === 0) {
    const cleaned = new Set(work.residue.map(({ epoch }) => epoch));
    decision.cleaned = residue.map(({ epoch }) => epoch).filter((epoch) => cleaned.has(epoch));
    // A node that was in the fleet before, or whose database was restored, has used uids that are unknown here.
    const nextUid = Math.min(Math.max(record.nextUid, outcome.uidSeen + 1), LAST_UID + 1);
    return { ...record, preparedAt: record.preparedAt ?? now, verifiedAt: now, nextUid };
  }
  const failure = failureOf(outcome);
  if (failure && isNewCleaningFailure(record, failure.reason))
    decision.events.push({ type: 'node.cleaning_failed', ...failure });
  if (record.state === 'quarantined') {
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
    decision.placement = { appliedKey: work.publicKey };
    if (live.readyAt === null) decision.placement.readyAt = now;
    return { ...record, attempt: 0, nextAttemptAt: null };
  }
  // A repair that failed waits by itself, so that a changed key is not held up by what somebody did to the node.
  if (outcome.kind !== 'failed' || (work.repair && live.appliedKey === work.publicKey)) return record;
  const attempt = record.attempt + 1;
  // An account that never worked is better made on another node: nobody depends on this one yet. Silence is
  // for the prober to judge, so it costs a retry here, not the placement.
  const givesUp = live.readyAt === null && (!isUnreachable(outcome.reason) || attempt > 3);
  if (givesUp && record.state === 'provisioning') {
    decision.placement = { endedAt: now, endReason: outcome.reason };
    decision.events.push({
      type: 'rental.placement_failed',
      reason: outcome.reason,
      message: outcome.message,
    });
    return { ...record, lastFailedAt: now };
  }
  const delayMs = computeDelayMs(attempt, NODE_BACKOFF, jitter);
  return { ...record, attempt, nextAttemptAt: new Date(now.getTime() + delayMs) };
}

/** Is running work still what the saved state asks for? */
function isStillWanted(run: Run, state: NodeState, live: Placement | null): boolean {
  const declared = workOf(state);
  if (run.work.kind === 'clean') return declared === 'clean' || declared === 'cleanSlowly';
  return (declared === 'ensureAccess' || declared === 'keepAccess') && live?.epoch === run.work.epoch;
}

/** The work that the state declares, if it is due and nothing runs. */
function chooseWork(record: NodeRecord, inputs: NodeInputs, decision: NodeDecision): Work | null {
  const { run, live, wantedKey, residue, now, health, drift } = inputs;
  const busy = run !== null && !decision.settled;
  const waits = record.nextAttemptAt !== null && record.nextAttemptAt > now;
  // Not while the node is failing its probes: the run would only hang until its deadline.
  if (busy || waits || decision.raise || health.verdict !== 'alive' || health.failures > 0) return null;
  switch (workOf(record.state)) {
    case 'none':
      return null;
    case 'clean':
    case 'cleanSlowly':
      return {
        kind: 'clean',
        prepare: record.preparedAt === null,
        residue: residue.map(residueOf),
        ...chooseCleaningRepair(record, drift),
      };
    case 'ensureAccess':
    case 'keepAccess': {
      if (!live || !wantedKey || decision.placement?.endedAt) return null;
      const { epoch, account, uid } = live;
      const applied = decision.placement?.appliedKey ?? live.appliedKey;
      const mending = chooseRepair(drift, now);
      if (record.state === 'allocated' && applied === wantedKey && !mending.repair) return null;
      return { kind: 'ensureAccess', epoch, account, uid, publicKey: wantedKey, ...mending };
    }
  }
}

function residueOf({ epoch, account, uid }: Placement) {
  return { epoch, account, uid };
}
