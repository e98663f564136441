import { isTrusted } from '../health/health.ts';
import { findCondition } from '../model/condition.ts';
import { isGiven } from '../model/lease.ts';
import { isCleaningAsked, type NodeRecord } from '../model/node.ts';
import { nextState } from '../model/node-machine.ts';
import { type NodeState, STATES } from '../model/node-states.ts';
import type { Placement } from '../model/rental.ts';
import type { Run, Work } from '../model/work.ts';
import { acceptanceOf } from './acceptance.ts';
import { adoptionOf } from './adoption.ts';
import { classify } from './classify.ts';
import { computeNodeConditions } from './conditions.ts';
import type { NodeDecision } from './decision.ts';
import { enterState } from './enter-state.ts';
import type { NodeInputs } from './inputs.ts';
import { recordRestart } from './record-restart.ts';
import { chooseCleaningRepair, chooseRepair } from './repair.ts';
import { acceptTrustedKey, hastenCleaning, mayBeRemoved } from './requests.ts';
import { settleRun } from './settle-run.ts';

/** What to make of one node now. Pure: the same inputs give the same decision. */
export function decideNode(inputs: NodeInputs): NodeDecision {
  const { node, live, residue, run } = inputs;
  const old = node.record;
  const event = classify(inputs);
  // A person who lets a dead node back wants it cleaned first.
  const isAsked = isCleaningAsked(node);
  const state = event
    ? nextState(old.state, event, {
        bound: live !== null,
        quarantined: findCondition(old.conditions, 'Clean')?.reason === 'Quarantined',
        unverified: residue.length > 0 || old.verifiedAt === null || isAsked,
        blamed: inputs.blame !== null,
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
  record = recordRestart(record, inputs, state, decision);
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

/** Is running work still what the saved state asks for? */
function isStillWanted(run: Run, state: NodeState, live: Placement | null): boolean {
  const declared = STATES[state].work;
  if (run.work.kind === 'clean') return declared === 'clean' || declared === 'cleanSlowly';
  return (declared === 'ensureAccess' || declared === 'keepAccess') && live?.epoch === run.work.epoch;
}

/** The work that the state declares, if it is due and nothing runs. */
function chooseWork(record: NodeRecord, inputs: NodeInputs, decision: NodeDecision): Work | null {
  const { run, live, wanted, residue, now, health, drift } = inputs;
  const { spec, requests } = inputs.node;
  const busy = run !== null && !decision.settled;
  const waits = record.nextAttemptAt !== null && record.nextAttemptAt > now;
  // Not while the node is failing its probes: the run would only hang until its deadline.
  if (inputs.paused || busy || waits || decision.raise || !isTrusted(health)) return null;
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
      // Once what is known of the placement is saved, it is looked at again: the end of a lease follows from it.
      if (!live || !wanted || decision.placement) return null;
      // The lease is over, and the rental about to be ended.
      if (wanted.expiresAt <= now) return null;
      const { epoch, account, uid } = live;
      const mending = chooseRepair(drift, now);
      // What a failed run has left of what was wanted then is not known, even if it is no longer wanted.
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
