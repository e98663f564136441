import { accessOf } from '../core/model/lease.ts';
import type { Node } from '../core/model/node.ts';
import { reportsOf } from '../core/node/cleaning-report.ts';
import { decideNode } from '../core/node/decide.ts';
import type { NodeDecision } from '../core/node/decision.ts';
import { isDrifted } from '../core/node/drift.ts';
import { describeNode } from '../core/node/events.ts';
import type { NodeInputs } from '../core/node/inputs.ts';
import { tellAgainAt } from '../core/node/record-restart.ts';
import { blameNode, hasFailed } from '../core/scheduling/blame.ts';
import { commit, reread } from './commit.ts';
import type { Context } from './context.ts';
import { observeDrift } from './observe-drift.ts';

/**
 * One pass over one node: observe, decide, save, act. Safe to call at any time and any number of times; when
 * nothing has to change it writes nothing.
 */
export async function reconcileNode(name: string, context: Context): Promise<void> {
  const { fleet, runs, due } = context;
  const node = fleet.nodes.get(name);
  if (!node) {
    runs.abort(name);
    return;
  }
  const inputs = observe(node, context);
  const decision = decideNode(inputs);

  // Before the save on purpose: work that is no longer wanted may be cut off at any time. Nothing of it is undone.
  if (decision.abort) runs.abort(name);
  const fence = await save(inputs, decision, context);
  if (fence === 'conflict') return;
  if (decision.settled) runs.settle(name);
  if (decision.raise) {
    await context.store.raiseCounters(context.leadership, { node: name, ...decision.raise });
    await reread({ nodes: [name] }, context);
  }
  if (decision.start && fence !== null) context.start(name, decision.start, fence);
  // Another host key is trusted from now on, so the node may answer.
  if (decision.record.hostKey !== node.record.hostKey) {
    due.markNode(name);
    context.watcher.probeSoon(name);
  }
  if (decision.record.nextAttemptAt) due.markAt(`node/${name}`, decision.record.nextAttemptAt);
  const { drift, now } = inputs;
  const tellAt = tellAgainAt(decision.record, now);
  if (tellAt) due.markAt(`node/${name}`, tellAt);
  if (isDrifted(drift) && drift.repairAt > now) due.markAt(`node/${name}`, drift.repairAt);
  markAffected(inputs, decision, context);
  markRivals(node, decision, context);
}

function observe(node: Node, context: Context): NodeInputs {
  const { fleet, watcher, runs, policy, clock, random } = context;
  const { name } = node.spec;
  const live = fleet.livePlacement(name) ?? null;
  const run = runs.get(name);
  const residue = fleet.residue(name);
  const rental = live ? fleet.rentals.get(live.rentalId) : undefined;
  const now = clock.now();
  return {
    node,
    health: watcher.health(name),
    boot: watcher.boot(name),
    live,
    wanted: rental ? accessOf(rental, now) : null,
    residue,
    // Judged only while the node is not yet verified clean of a client that got no account.
    blame: residue.some(hasFailed) ? blameNode(name, fleet.rentals.placedOn(name), policy().provision) : null,
    run,
    rival: fleet.sharedKeys.rivalOf(node),
    drift: observeDrift(node, live, run, context),
    paused: context.controls.pause() !== null,
    policy: policy(),
    now,
    jitter: random(),
  };
}

/** The fence number of the save, null when there was nothing to save. */
async function save(
  inputs: NodeInputs,
  decision: NodeDecision,
  context: Context,
): Promise<number | 'conflict' | null> {
  const { announced, fleet } = context;
  const { node, live, residue, run, now } = inputs;
  const { record, placement, cleaned, start, remove } = decision;
  const isChanged = record !== node.record || placement || cleaned.length > 0 || start || remove;
  if (!isChanged) return null;
  const { name } = node.spec;
  const reports = decision.settled ? reportsOf(run, residue, now) : [];
  const fence = await commit(context, {
    nodes: remove ? [] : [{ name, record }],
    placements: placement && live ? [{ epoch: live.epoch, set: placement }] : [],
    ...(cleaned.length > 0 ? { cleaned: { epochs: cleaned, at: now } } : {}),
    ...(reports.length > 0 ? { reports } : {}),
    ...(remove ? { removeNodes: [name] } : {}),
    events: describeNode(inputs, decision, {
      rental: live ? fleet.rentals.get(live.rentalId) : undefined,
      nodeOf: fleet.nodes.get,
      isNews: (condition) => announced.isNews(name, condition),
    }),
  });
  if (fence === 'conflict') return fence;
  if (remove) announced.forget(name);
  else announced.note(name, record.conditions);
  return fence;
}

/** Marks the nodes that hold a key which this one began or ceased to show. */
function markRivals({ record }: Node, decision: NodeDecision, { due, fleet }: Context): void {
  const [before, after] = [record.offeredFingerprint, decision.record.offeredFingerprint];
  if (before === after) return;
  for (const fingerprint of [before, after])
    for (const holder of fleet.sharedKeys.holdersOf(fingerprint)) due.markNode(holder);
}

/** Marks everything that has to be checked again because this node changed. */
function markAffected(inputs: NodeInputs, decision: NodeDecision, context: Context): void {
  const { node, live, residue } = inputs;
  const { due, fleet } = context;
  const stateChanged = decision.record.state !== node.record.state;
  const isRestarted = decision.record.restartedAt !== node.record.restartedAt;
  if (live && (stateChanged || decision.placement || isRestarted)) due.markRental(live.rentalId);
  if (stateChanged || decision.cleaned.length > 0) {
    for (const { rentalId } of residue) if (fleet.rentals.get(rentalId)) due.markRental(rentalId);
  }
  // The new state may already want a next step, such as a cleaning that was requested while the node was dead.
  if (stateChanged || decision.settled || decision.placement) due.markNode(node.spec.name);
}
