import type { Node, NodeRecord } from '../model/node.ts';
import type { Adoption } from '../model/work.ts';
import type { Step } from './decision.ts';
import type { NodeInputs } from './inputs.ts';

/** What an open request to adopt the node adds to the next piece of work on it. */
export function adoptionOf({ requests, record }: Pick<Node, 'requests' | 'record'>): { adopt?: Adoption } {
  const { otherFleet: fleet, adoptSeen } = record;
  if (fleet === null || requests.adoptRequested <= adoptSeen) return {};
  return { adopt: { fleet, request: requests.adoptRequested } };
}

/**
 * Records which fleet the node belongs to, as it reported itself at the end of a run. A request to adopt it counts
 * once, for the fleet that the request names.
 */
export function noteFleet(record: NodeRecord, { node, run }: Pick<NodeInputs, 'node' | 'run'>): Step {
  const outcome = run?.outcome;
  if (outcome?.kind === 'failed' && outcome.reason === 'OtherFleet') {
    const otherFleet = outcome.fleetSeen ?? record.otherFleet;
    const adoptSeen = run?.work.adopt?.request ?? record.adoptSeen;
    return { record: { ...record, otherFleet, adoptSeen } };
  }
  const { adoptRequested } = node.requests;
  if (outcome?.kind !== 'done' || (record.otherFleet === null && record.adoptSeen === adoptRequested))
    return { record };
  const released = { ...record, otherFleet: null, adoptSeen: adoptRequested };
  if (record.otherFleet === null) return { record: released };
  const message = run?.work.adopt
    ? `taken over from the fleet ${run.work.adopt.fleet}`
    : `the fleet ${record.otherFleet} has released it`;
  return { record: released, events: [{ type: 'node.adopted', reason: 'NodeAdopted', message }] };
}
