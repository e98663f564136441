import type { Reason } from '../failure/reason.ts';
import { isFailure } from '../failure/remedy.ts';
import { describeFlapping } from '../health/flapping.ts';
import { failingIntervalMs } from '../health/health.ts';
import { type Condition, findCondition, setCondition } from '../model/condition.ts';
import type { NodeRecord } from '../model/node.ts';
import { isBeingCleaned, STATES } from '../model/node-states.ts';
import { failureOf } from '../model/work.ts';
import { type NotLendable, whyNotLendable } from '../scheduling/lendable.ts';
import { formatDuration } from '../text/duration.ts';
import { describeDrift, isDrifted, listDrift } from './drift.ts';
import type { NodeInputs } from './inputs.ts';
import { whyNotEmpty } from './requests.ts';

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

/** Null before this leader's first probe: the stored condition holds until then. */
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

/** During a retry, the last attempt's failure stays visible. */
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

/** Null while nothing new is known, such as between a failed repair and the next inspection. */
function provisioned({ live, run, record, drift }: NodeInputs & { record: NodeRecord }): Verdict | null {
  if (!live) {
    // The reason why a placement was given up stays visible until the node is clean again.
    const old = findCondition(record.conditions, 'Provisioned');
    const isLeft = isBeingCleaned(record.state);
    if (isLeft && old && isFailure(old.reason)) return null;
    return condition('Provisioned', 'False', 'NotProvisioned', 'nothing is placed here');
  }
  if (run?.work.kind === 'ensureAccess' && run.outcome?.kind === 'failed') {
    const { reason, message } = run.outcome;
    return condition('Provisioned', 'False', reason, `placement ${live.epoch}: ${message}`);
  }
  // During a repair, the work says what has drifted.
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
  const { node, health, record, drift, policy, now, rival } = inputs;
  const flapping = describeFlapping(record, health, policy.probe, now);
  const reason = whyNotLendable({
    node: { ...node, record },
    health,
    keyShared: rival !== null,
    flapping: flapping !== null,
    drifted: isDrifted(drift),
  });
  if (reason === null) return condition('Schedulable', 'True', 'Schedulable', 'may be lent');
  return condition('Schedulable', 'False', reason, describeNotLendable(reason, inputs, flapping ?? ''));
}

function describeNotLendable(
  reason: NotLendable,
  { node, live, record, drift, rival }: NodeInputs & { record: NodeRecord },
  flapping: string,
): string {
  const { name } = node.spec;
  switch (reason) {
    case 'Retiring':
      return `taken out of the inventory: ${whyNotEmpty({ node, live }, record.state)}`;
    case 'OtherFleet':
      return `the node belongs to the fleet ${record.otherFleet} of another Orion: remove it from that one's inventory, or take it over with orion adopt ${name}`;
    case 'Draining':
      return whyNotEmpty({ node, live }, record.state);
    case 'Cordoned':
      return 'kept free of new rentals by an operator';
    case 'HostKeyShared':
      return `${rival} has the same host key; pin it as hostKey on the right one`;
    case 'Quarantined':
      return 'not lent until it has been cleaned and verified';
    case 'AwaitingOperator':
      return `the node answers again; orion clean ${name} brings it back`;
    case 'NotAlive':
      return STATES[record.state].notLendable === 'NotAlive'
        ? `the node is ${record.state}`
        : 'the node is failing its probes';
    case 'Flapping':
      return flapping;
    case 'Drifted':
      return drift ? describeDrift(listDrift(drift)) : '';
    case 'UidsExhausted':
      return 'every uid has been used on this node';
  }
}
