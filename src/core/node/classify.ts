import { hasLeft, isCleaningAsked } from '../model/node.ts';
import type { NodeEvent } from '../model/node-machine.ts';
import { isDeadState } from '../model/node-states.ts';
import type { Placement } from '../model/rental.ts';
import { isUnfinished } from '../model/work.ts';
import type { NodeInputs } from './inputs.ts';
import { isRepairDue } from './repair.ts';

/**
 * The one event that applies to a node now, or null. A decision table over saved state and observations. Its order
 * is the priority of the signals: death first, then what is wanted (a placement that came or went), then the result
 * of the work.
 */
export function classify(inputs: NodeInputs): NodeEvent | null {
  const { node, health } = inputs;
  const { state } = node.record;
  if (health.verdict === 'dead' && !isDeadState(state)) return { type: 'died' };
  switch (state) {
    case 'unknown':
      return health.verdict === 'alive' ? { type: 'joined' } : null;
    case 'free':
      return classifyFree(inputs);
    case 'provisioning':
      if (!inputs.live) return { type: 'unbound' };
      return isConfirmed(inputs, inputs.live) ? { type: 'confirmed' } : null;
    case 'allocated':
      return inputs.live ? null : { type: 'unbound' };
    case 'cleaning':
      if (isVerified(inputs)) return { type: 'verified' };
      return hasCleaningFailed(inputs) ? { type: 'cleaningFailed' } : null;
    case 'quarantined':
      if (isVerified(inputs)) return { type: 'verified' };
      return isCleaningAsked(node) ? { type: 'cleanRequested' } : null;
    case 'dead':
      return mayReturn(inputs) ? { type: 'revived' } : null;
    default:
      return state satisfies never;
  }
}

function classifyFree({ node, live, drift, now }: NodeInputs): NodeEvent | null {
  if (live) return { type: 'bound' };
  // A node that leaves is cleaned once more before it goes. One that stays is prepared again when that was withdrawn:
  // another key was trusted, so it may be another machine; or it left the fleet and came back.
  const isDue = node.spec.retiring ? !hasLeft(node.record) : node.record.preparedAt === null;
  if (isCleaningAsked(node) || isDue) return { type: 'cleanRequested' };
  return isRepairDue(drift, now) ? { type: 'drifted' } : null;
}

/** The account of the live placement is there, and sshd accepts its key. */
function isConfirmed({ run }: NodeInputs, live: Placement): boolean {
  return run?.work.kind === 'ensureAccess' && run.work.epoch === live.epoch && run.outcome?.kind === 'done';
}

/**
 * A dead node returns once it has answered for `healthyDelay`. With a negative one a person decides, whatever the node
 * answers, even after a restart of the daemon; their request is stored as a requested cleaning.
 */
function mayReturn({ node, health, policy }: NodeInputs): boolean {
  const isLeftToPerson = policy.probe.healthyDelayMs < 0;
  return health.verdict === 'alive' && (!isLeftToPerson || isCleaningAsked(node));
}

/** A cleaning found nothing any more, and covered the preparation and all residue that is known by now. */
function isVerified(inputs: NodeInputs): boolean {
  const { outcome } = inputs.run ?? {};
  return outcome?.kind === 'done' && outcome.findings.length === 0 && isCleaningComplete(inputs);
}

/**
 * This was the last try. One that was broken off does not count, and one that went well but missed residue or the
 * preparation proves nothing: the next one covers it.
 */
function hasCleaningFailed(inputs: NodeInputs): boolean {
  const { run, node, policy } = inputs;
  if (run?.work.kind !== 'clean' || !run.outcome) return false;
  const { outcome } = run;
  const hasFailed =
    outcome.kind === 'failed'
      ? !isUnfinished(outcome)
      : outcome.kind === 'done' && isCleaningComplete(inputs);
  return hasFailed && node.record.attempt + 1 > policy.clean.retries;
}

function isCleaningComplete({ node, run, residue }: NodeInputs): boolean {
  if (run?.work.kind !== 'clean') return false;
  const covered = new Set(run.work.residue.map(({ epoch }) => epoch));
  const isPrepared = run.work.prepare || node.record.preparedAt !== null;
  return isPrepared && residue.every(({ epoch }) => covered.has(epoch));
}
