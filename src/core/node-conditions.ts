import { type Condition, findCondition, setCondition } from './condition.ts';
import { describeDrift, isDrifted, listDrift } from './drift.ts';
import { isSuspect } from './health.ts';
import { LAST_UID, type NodeRecord } from './node.ts';
import type { NodeInputs } from './node-inputs.ts';
import type { Reason } from './reason.ts';

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
function reachable({ health, record }: NodeInputs & { record: NodeRecord }): Verdict | null {
  if (health.verdict === 'unknown' && health.failures === 0) {
    const known = record.conditions.some(({ type }) => type === 'Reachable');
    return known ? null : condition('Reachable', 'Unknown', 'NotProbedYet', 'not probed yet');
  }
  if (health.failures > 0) return condition('Reachable', 'False', health.reason, health.message);
  if (health.verdict === 'dead') return condition('Reachable', 'False', 'Recovering', health.message);
  return condition('Reachable', 'True', 'Alive', 'the node answers');
}

function clean({ run, record }: NodeInputs & { record: NodeRecord }): Verdict | null {
  const old = record.conditions.find(({ type }) => type === 'Clean');
  switch (record.state) {
    case 'quarantined':
      return old?.reason === 'Quarantined' && !run?.outcome
        ? null
        : condition('Clean', 'False', 'Quarantined', failureOf(run) ?? old?.message ?? '');
    case 'cleaning': {
      const failure = failureOf(run);
      if (failure) return condition('Clean', 'False', 'CleaningFailed', failure);
      return record.attempt > 0 && old
        ? null
        : condition('Clean', 'False', 'NotVerified', 'being cleaned and verified');
    }
    case 'free':
      return condition('Clean', 'True', 'Clean', 'verified clean');
    case 'provisioning':
    case 'allocated':
      return condition('Clean', 'False', 'NotVerified', 'in use');
    case 'dead':
    case 'unknown':
      return old ? null : condition('Clean', 'Unknown', 'NotVerified', 'never verified');
  }
}

function failureOf(run: NodeInputs['run']): string | null {
  if (run?.work.kind !== 'clean') return null;
  if (run.outcome?.kind === 'failed') return `${run.outcome.reason}: ${run.outcome.message}`;
  if (run.outcome?.kind === 'done' && run.outcome.findings.length > 0) {
    return `found ${run.outcome.findings.slice(0, 5).join('; ')}`;
  }
  return null;
}

/** Null while nothing new is known: after a repair that failed, say, until the node was looked at again. */
function provisioned({ live, run, record, drift }: NodeInputs & { record: NodeRecord }): Verdict | null {
  if (!live) return condition('Provisioned', 'False', 'NotProvisioned', 'nothing is placed here');
  if (run?.work.kind === 'ensureAccess' && run.outcome?.kind === 'failed') {
    return condition('Provisioned', 'False', run.outcome.reason, run.outcome.message);
  }
  // While it is put right, what is wrong is known from the work.
  const drifted = drift ?? (run?.work.kind === 'ensureAccess' && !run.outcome ? run.work.repair : null);
  const changed = drifted ? [...drifted.access, ...drifted.way] : [];
  if (record.state === 'allocated' && changed.length > 0) {
    return condition('Provisioned', 'False', 'Drifted', describeDrift(changed));
  }
  if (record.state === 'allocated' && record.attempt === 0) {
    const isKnown = drift !== null || run?.outcome?.kind === 'done';
    const old = findCondition(record.conditions, 'Provisioned');
    if (!isKnown && old?.status === 'False') return null;
    return condition('Provisioned', 'True', 'Provisioned', `placement ${live.epoch}`);
  }
  if (record.attempt > 0) return null;
  return condition('Provisioned', 'False', 'Provisioning', `placement ${live.epoch}`);
}

function schedulable({ node, health, record, drift }: NodeInputs & { record: NodeRecord }): Verdict {
  const no = (reason: Reason, message: string) => condition('Schedulable', 'False', reason, message);
  if (node.spec.retiring) return no('Retiring', 'taken out of the inventory');
  if (node.wishes.draining) return no('Draining', 'being emptied');
  if (node.wishes.cordoned) return no('Cordoned', 'kept free of new rentals by an operator');
  if (record.state === 'quarantined') return no('Quarantined', 'not clean');
  if (record.state === 'dead' || record.state === 'unknown')
    return no('NotAlive', `the node is ${record.state}`);
  if (isSuspect(health)) return no('NotAlive', 'the node is failing its probes');
  if (record.state === 'free' && isDrifted(drift)) {
    return no('Drifted', describeDrift(listDrift(drift)));
  }
  if (record.nextUid > LAST_UID) return no('UidsExhausted', 'every uid was used once on this node');
  return condition('Schedulable', 'True', 'Schedulable', 'may be lent');
}
