import type { Reason } from '../failure/reason.ts';
import { steadyMs } from '../health/flapping.ts';
import { isCleaningAsked, type NodeRecord, wasVerified } from '../model/node.ts';
import { isDeadState, isLendable, type NodeState, STATES } from '../model/node-states.ts';
import { failureOf, type Run } from '../model/work.ts';
import { QUARANTINE_RETRY_MS } from '../text/backoff.ts';
import type { Step } from './decision.ts';
import { describeDrift, isDrifted, listDrift } from './drift.ts';
import type { NodeInputs } from './inputs.ts';

/** Completes the record of a node that has just changed its state, and adds the events of the change. */
export function enterState(
  record: NodeRecord,
  { node, health, run, now, live, drift, policy, blame }: NodeInputs,
): Step {
  const { state } = record;
  if (state === node.record.state) return { record };
  const outcome = run?.outcome;
  const { work } = STATES[state];
  const isSoiled = isLendable(node.record.state) && work === 'clean';
  const wasDead = isDeadState(node.record.state);
  const messages: Record<NodeState, [Reason, string]> = {
    unknown: ['NotProbedYet', ''],
    free: ['Clean', 'verified clean; ready to be lent'],
    provisioning: ['Provisioning', `access is being set up for ${live?.rentalId}`],
    allocated: ['Provisioned', `access is confirmed for placement ${live?.epoch}`],
    cleaning:
      isSoiled && isDrifted(drift)
        ? ['Drifted', `no longer known to be clean: ${describeDrift(listDrift(drift))}`]
        : ['NotVerified', 'leftovers of earlier use are being removed'],
    quarantined: ['Quarantined', `not lent until cleaned: ${blame ?? describeFailure(outcome ?? null)}`],
    dead: [health.reason, health.message],
  };
  const [reason, message] = messages[state];
  const events: Step['events'] = [];
  if (wasDead) {
    const message = wasVerified(node) ? 'the node answers again' : 'the node answers';
    events.push({ type: 'node.alive', reason: 'Alive', message });
  }
  events.push({ type: STATES[state].event, reason, message });
  const next = { ...record };
  if (isDeadState(state)) {
    next.lastFailedAt = now;
    next.deaths = health.steadyForMs >= steadyMs(policy.probe) ? 1 : node.record.deaths + 1;
  }
  // If it dies during the cleaning, it must not return as free.
  if (isSoiled) next.verifiedAt = null;
  if (work === 'cleanSlowly') next.nextAttemptAt = new Date(now.getTime() + QUARANTINE_RETRY_MS);
  // A quarantined node that dies stays quarantined until it is cleaned. That it was is read off its state: a daemon of
  // an earlier version, which leads until all are upgraded, does not write this column.
  const wasQuarantined = STATES[node.record.state].work === 'cleanSlowly';
  const isKept = work === 'cleanSlowly' || (isDeadState(state) && wasQuarantined);
  next.quarantinedAt = isKept ? (record.quarantinedAt ?? now) : null;
  if (work === 'clean') next.lastCleaningReason = null;
  // An operator asked for the cleaning, so earlier deaths no longer count.
  if (work === 'clean' && isCleaningAsked(node)) next.deaths = 0;
  // A request to clean a dead node stays open unless the node returns to be cleaned.
  if (!wasDead || work === 'clean') next.cleanSeen = node.requests.cleanRequested;
  return { record: next, events };
}

function describeFailure(outcome: Run['outcome']): string {
  const failure = failureOf(outcome);
  return failure ? `${failure.reason}: ${failure.message}` : 'unknown';
}
