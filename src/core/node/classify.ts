import { hasLeft, isCleaningAsked } from '../model/node.ts';
import type { NodeEvent } from '../model/node-machine.ts';
import { isUnfinished } from '../model/work.ts';
import type { NodeInputs } from './inputs.ts';
import { isRepairDue } from './repair.ts';

/**
 * The one event that a node's situation amounts to now, or null. A decision table over saved state and
 * observation; its order is the priority between signals: death beats everything, then what is wanted (a
 * placement that is gone), then how the work went.
 */
export function classify(inputs: NodeInputs): NodeEvent | null {
  const { node, health, live, run } = inputs;
  const { state } = node.record;

  if (state === 'dead') return mayReturn(inputs) ? { type: 'revived' } : null;
  if (health.verdict === 'dead') return { type: 'died' };
  if (state === 'unknown') return health.verdict === 'alive' ? { type: 'joined' } : null;

  const isAsked = isCleaningAsked(node);
  if (state === 'free') {
    if (live) return { type: 'bound' };
    // Not prepared: another key was trusted, so it may be another machine, or it had left the fleet and is back in it.
    const isDue = node.spec.retiring ? !hasLeft(node.record) : node.record.preparedAt === null;
    if (isAsked || isDue) return { type: 'cleanRequested' };
    return isRepairDue(inputs.drift, inputs.now) ? { type: 'drifted' } : null;
  }
  if (state === 'provisioning' || state === 'allocated') {
    if (!live) return { type: 'unbound' };
    const confirmed =
      run?.work.kind === 'ensureAccess' && run.work.epoch === live.epoch && run.outcome?.kind === 'done';
    return confirmed && state === 'provisioning' ? { type: 'confirmed' } : null;
  }
  return classifyCleaning(inputs, isAsked);
}

/** A negative `healthyDelay` leaves it to a person, whatever the node answers, also over a restart of the daemon. */
function mayReturn({ node, health, policy }: NodeInputs): boolean {
  const isLeftToPerson = policy.probe.healthyDelayMs < 0;
  return health.verdict === 'alive' && (!isLeftToPerson || isCleaningAsked(node));
}

/** cleaning and quarantined: the work's outcome decides, and an operator's request to try again. */
function classifyCleaning({ node, run, residue, policy }: NodeInputs, isAsked: boolean): NodeEvent | null {
  if (run?.work.kind === 'clean' && run.outcome) {
    const cleaned = new Set(run.work.residue.map(({ epoch }) => epoch));
    const isPrepared = run.work.prepare || node.record.preparedAt !== null;
    const complete = isPrepared && residue.every(({ epoch }) => cleaned.has(epoch));
    if (run.outcome.kind === 'done' && run.outcome.findings.length === 0 && complete)
      return { type: 'verified' };
    const failed =
      (run.outcome.kind === 'failed' && !isUnfinished(run.outcome)) ||
      (run.outcome.kind === 'done' && complete);
    if (failed && node.record.attempt + 1 > policy.clean.retries) return { type: 'cleaningFailed' };
  }
  return node.record.state === 'quarantined' && isAsked ? { type: 'cleanRequested' } : null;
}
