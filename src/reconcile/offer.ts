import { describeFlapping } from '../core/health/flapping.ts';
import type { Node } from '../core/model/node.ts';
import { type Candidate, createOffer, type Offer } from '../core/scheduling/placement.ts';
import type { Context } from './context.ts';
import { isSeenDrifted } from './observe-drift.ts';

type Observer = Pick<Context, 'fleet' | 'watcher' | 'policy' | 'clock'>;

/** What there is to choose from at this moment. Only free nodes are looked at one by one. */
export function offerNow(context: Observer): Offer {
  const { nodes } = context.fleet;
  const candidates = nodes.lendable().map((node) => candidateOf(node, context));
  return createOffer(candidates, { shapes: [...nodes.shapes()], occupancy: nodes.occupancy() });
}

/** Every node of the fleet, for what is told of all of them. */
export function listCandidates(context: Observer): Candidate[] {
  return [...context.fleet.nodes.all()].map((node) => candidateOf(node, context));
}

function candidateOf(node: Node, context: Observer): Candidate {
  const { fleet, watcher, policy, clock } = context;
  const { name } = node.spec;
  const health = watcher.health(name);
  return {
    node,
    health,
    occupied: fleet.livePlacement(name) !== undefined,
    drifted: isSeenDrifted(node, context),
    keyShared: fleet.rivalOf(node) !== null,
    flapping: describeFlapping(node.record, health, policy().probe, clock.now()) !== null,
  };
}
