import { isTrusted } from '../health/health.ts';
import { isGiven } from '../model/lease.ts';
import { isCleaningAsked, isQuarantined, type NodeRecord } from '../model/node.ts';
import { transition } from '../model/node-machine.ts';
import { isBeingCleaned, type NodeState, STATES } from '../model/node-states.ts';
import type { Placement } from '../model/rental.ts';
import type { Run, Work } from '../model/work.ts';
import { acceptanceOf } from './acceptance.ts';
import { adoptionOf } from './adoption.ts';
import { classify } from './classify.ts';
import { computeNodeConditions } from './conditions.ts';
import { type NodeDecision, type Step, takeSteps } from './decision.ts';
import { enterState } from './enter-state.ts';
import type { NodeInputs } from './inputs.ts';
import { recordRestart } from './record-restart.ts';
import { chooseCleaningRepair, chooseRepair } from './repair.ts';
import { acceptTrustedKey, hastenCleaning, mayBeRemoved } from './requests.ts';
import { settleRun } from './settle-run.ts';

/** Decides what to do with one node now. Pure: the same inputs give the same decision. */
export function decideNode(inputs: NodeInputs): NodeDecision {
  const { node, live, residue, run, now } = inputs;
  const event = classify(inputs);
  const facts = {
    bound: live !== null,
    quarantined: isQuarantined(node.record),
    // An operator who brings a dead node back wants it cleaned first.
    unverified: residue.length > 0 || node.record.verifiedAt === null || isCleaningAsked(node),
    blamed: inputs.blame !== null,
  };
  const found = takeSteps(node.record, [
    () => recordObserved(inputs),
    (record) => ({ record: hastenCleaning(record, inputs) }),
    (record) => (event ? enterState(transition(record, event, now, facts), inputs) : { record }),
    (record) => recordRestart(record, inputs),
    (record) => settleRun(record, inputs),
    (record) => ({ record: withConditions(record, inputs) }),
  ]);
  const { record } = found;
  const remove = mayBeRemoved({ node: { ...node, record }, live, residue });
  return {
    ...found,
    start: remove || found.raise ? null : chooseWork(record, inputs, found.placement !== null),
    settled: run?.outcome != null,
    abort: run !== null && run.outcome === null && !isStillWanted(run, record.state, live),
    remove,
  };
}

function withConditions(record: NodeRecord, inputs: NodeInputs): NodeRecord {
  const conditions = computeNodeConditions({ ...inputs, record });
  return conditions === record.conditions ? record : { ...record, conditions };
}

/** Records what the prober reports (host keys, status, silence), and the generation that was observed. */
function recordObserved({ node, health, now }: NodeInputs): Step {
  const events: Step['events'] = [];
  let record = node.record;
  const known = node.spec.pinnedHostKey ?? record.hostKey;
  const seen = node.spec.pinnedHostKey ?? record.hostKey ?? health.hostKey;
  if (seen !== null && record.hostKey !== seen) {
    record = { ...record, hostKey: seen };
    if (known === null) {
      const message = 'the first host key seen was recorded; a later change will be refused';
      events.push({ type: 'node.host_key_recorded', reason: 'Alive', message });
    }
  }
  if (health.verdict !== 'unknown' && health.verdict !== record.status) {
    record = { ...record, status: health.verdict };
  }
  const isSilent = health.failures > 0 || health.verdict === 'dead';
  if (isSilent !== (record.unreachableSince !== null) && health.reason !== 'NotProbedYet') {
    record = { ...record, unreachableSince: isSilent ? now : null };
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
    const message = `the host key ${health.offeredFingerprint} is accepted; the node is prepared and verified again`;
    events.push({ type: 'node.host_key_trusted', reason: 'HostKeyTrusted', message });
  }
  return { record: trusting, events };
}

/** Is running work still what the saved state asks for? */
function isStillWanted(run: Run, state: NodeState, live: Placement | null): boolean {
  if (run.work.kind === 'clean') return isBeingCleaned(state);
  return STATES[state].inUse && live?.epoch === run.work.epoch;
}

/** The work that the state declares, if it is due and no other is running. */
function chooseWork(record: NodeRecord, inputs: NodeInputs, isPlacementChanged: boolean): Work | null {
  const { run, live, wanted, residue, now, health, drift } = inputs;
  const { spec, requests } = inputs.node;
  const busy = run !== null && run.outcome === null;
  const waits = record.nextAttemptAt !== null && record.nextAttemptAt > now;
  // Not while the node is failing its probes: the run would only hang until its deadline.
  if (inputs.paused || busy || waits || !isTrusted(health)) return null;
  const { work } = STATES[record.state];
  switch (work) {
    case 'none':
      return null;
    case 'clean':
    case 'cleanSlowly':
      return {
        kind: 'clean',
        prepare: record.preparedAt === null,
        residue: residue.map(residueOf),
        ...chooseCleaningRepair(record, drift),
        ...adoptionOf({ requests, record }),
        ...acceptanceOf({ requests, record }),
        ...(spec.retiring && !live ? { leave: true } : {}),
      };
    case 'ensureAccess':
    case 'keepAccess': {
      // A change to the placement is saved first, since the end of the lease, and so the work, follows from it.
      if (!live || !wanted || isPlacementChanged) return null;
      // The lease is over; the rental is about to end.
      if (wanted.expiresAt <= now) return null;
      const { epoch, account, uid } = live;
      const mending = chooseRepair(drift, now);
      // A failed run may have half applied what was wanted then, even if that is no longer wanted.
      const isAsWanted = record.attempt === 0 && isGiven(live, wanted);
      if (work === 'keepAccess' && isAsWanted && !mending.repair) return null;
      const kept = work === 'keepAccess' && { kept: true as const };
      const adopted = adoptionOf({ requests, record });
      return { kind: 'ensureAccess', epoch, account, uid, ...wanted, ...kept, ...mending, ...adopted };
    }
  }
}

function residueOf({ epoch, account, uid }: Placement) {
  return { epoch, account, uid };
}
