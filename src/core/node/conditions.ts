import type { Reason } from '../failure/reason.ts';
import { isFailure } from '../failure/remedy.ts';
import { describeFlapping } from '../health/flapping.ts';
import { failingIntervalMs, isSuspect } from '../health/health.ts';
import { type Condition, findCondition, setCondition } from '../model/condition.ts';
import { LAST_UID, type NodeRecord } from '../model/node.ts';
import { isBeingCleaned, STATES } from '../model/node-states.ts';
import { failureOf } from '../model/work.ts';
import { formatDuration } from '../text/duration.ts';
import { describeDrift, isDrifted, listDrift } from './drift.ts';
import type { NodeInputs } from './inputs.ts';
import { isReturnHeld, whyNotEmpty } from './requests.ts';

type Verdict = Omit<Condition, 'lastTransitionTime'>;

/** The four conditions of a node; the same array when none changed. */
export function computeNodeConditions(inputs: NodeInputs & { record: NodeRecord }): Condition[] {
  let { conditions } = inputs.record;
  for (const next of [reachable(inputs), clean(inputs), provisioned(inputs), schedulable(inputs)]) {
    if (next) conditions = setCondition(conditions, next, inputs.now);
  }
  return conditions;
}

function condition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: Reason,
  message: string,
): Verdict {
  return { type, status, reason, message };
}

/** Null before the first probe of this leader: what was stored stays true until somebody looked. */
function reachable({ health, record, policy }: NodeInputs & { record: NodeRecord }): Verdict | null {
  if (health.verdict === 'unknown' && health.failures === 0) {
    const known = record.conditions.some(({ type }) => type === 'Reachable');
    return known ? null : condition('Reachable', 'Unknown', 'NotProbedYet', 'not probed yet');
  }
  if (health.failures > 0) {
    const message = `${health.message}; probed again every ${formatDuration(failingIntervalMs(health, policy.probe))}`;
    return condition('Reachable', 'False', health.reason, message);
  }
  if (health.verdict === 'dead') return condition('Reachable', 'False', 'Recovering', health.message);
  return condition('Reachable', 'True', 'Alive', 'the node answers');
}

/** While it is tried again, the failure of the last try stands. */
function clean({ run, record, blame }: NodeInputs & { record: NodeRecord }): Verdict | null {
  const old = findCondition(record.conditions, 'Clean');
  const failure = run?.work.kind === 'clean' ? failureOf(run.outcome) : null;
  const { work, verdict } = STATES[record.state];
  switch (work) {
    case 'cleanSlowly':
      if (failure) return condition('Clean', 'False', 'Quarantined', `${failure.reason}: ${failure.message}`);
      if (blame) return condition('Clean', 'False', 'Quarantined', blame);
      return old?.reason === 'Quarantined' ? null : condition('Clean', 'False', 'Quarantined', 'not clean');
    case 'clean':
      if (failure) return condition('Clean', 'False', failure.reason, failure.message);
      return old && (record.attempt > 0 || old.reason === 'RemovalUnfinished')
        ? null
        : condition('Clean', 'False', 'NotVerified', 'being cleaned and verified');
    case 'ensureAccess':
    case 'keepAccess':
      return condition('Clean', 'False', 'NotVerified', 'in use');
    case 'none':
      if (verdict === 'alive') return condition('Clean', 'True', 'Clean', 'verified clean');
      return old ? null : condition('Clean', 'Unknown', 'NotVerified', 'never verified');
  }
}

/** Null while nothing new is known: after a repair that failed, say, until the node was looked at again. */
function provisioned({ live, run, record, drift }: NodeInputs & { record: NodeRecord }): Verdict | null {
  if (!live) {
    // Why a placement was given up stays to be seen until the node is clean again.
    const old = findCondition(record.conditions, 'Provisioned');
    const isLeft = isBeingCleaned(record.state);
    if (isLeft && old && isFailure(old.reason)) return null;
    return condition('Provisioned', 'False', 'NotProvisioned', 'nothing is placed here');
  }
  if (run?.work.kind === 'ensureAccess' && run.outcome?.kind === 'failed') {
    const { reason, message } = run.outcome;
    return condition('Provisioned', 'False', reason, `placement ${live.epoch}: ${message}`);
  }
  // While it is put right, what is wrong is known from the work.
  const drifted = drift ?? (run?.work.kind === 'ensureAccess' && !run.outcome ? run.work.repair : null);
  const changed = drifted ? [...drifted.access, ...drifted.way] : [];
  if (STATES[record.state].work === 'keepAccess' && changed.length > 0) {
    return condition('Provisioned', 'False', 'Drifted', describeDrift(changed));
  }
  if (STATES[record.state].work === 'keepAccess' && record.attempt === 0) {
    const isKnown = drift !== null || run?.outcome?.kind === 'done';
    const old = findCondition(record.conditions, 'Provisioned');
    if (!isKnown && old?.status === 'False') return null;
    return condition('Provisioned', 'True', 'Provisioned', `placement ${live.epoch}`);
  }
  if (record.attempt > 0) return null;
  return condition('Provisioned', 'False', 'Provisioning', `placement ${live.epoch}`);
}

function schedulable(inputs: NodeInputs & { record: NodeRecord }): Verdict {
  const { node, live, health, record, drift, policy, now, rival } = inputs;
  const no = (reason: Reason, message: string) => condition('Schedulable', 'False', reason, message);
  if (node.spec.retiring) {
    return no('Retiring', `taken out of the inventory: ${whyNotEmpty({ node, live }, record.state)}`);
  }
  if (record.otherFleet !== null) {
    const how = `remove it from that one's inventory, or take it over with orion adopt ${node.spec.name}`;
    return no('OtherFleet', `the node belongs to the fleet ${record.otherFleet} of another Orion: ${how}`);
  }
  if (node.requests.draining) return no('Draining', whyNotEmpty({ node, live }, record.state));
  if (node.requests.cordoned) return no('Cordoned', 'kept free of new rentals by an operator');
  if (rival) return no('HostKeyShared', `${rival} has the same host key; pin it as hostKey on the right one`);
  const { notLendable } = STATES[record.state];
  if (notLendable === 'Quarantined')
    return no(notLendable, 'not lent until it has been cleaned and verified');
  if (isReturnHeld(record)) {
    return no('AwaitingOperator', `the node answers again; orion clean ${node.spec.name} brings it back`);
  }
  if (notLendable === 'NotAlive') return no(notLendable, `the node is ${record.state}`);
  if (isSuspect(health)) return no('NotAlive', 'the node is failing its probes');
  const flapping = describeFlapping(record, health, policy.probe, now);
  if (flapping) return no('Flapping', flapping);
  if (notLendable === null && isDrifted(drift)) {
    return no('Drifted', describeDrift(listDrift(drift)));
  }
  if (record.nextUid > LAST_UID) return no('UidsExhausted', 'every uid has been used on this node');
  return condition('Schedulable', 'True', 'Schedulable', 'may be lent');
}
