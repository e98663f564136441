import {
  hasLeft,
  isCleaningAsked,
  isQuarantined,
  type NodeRecord,
  type NodeRequests,
} from '../model/node.ts';
import { isDeadState, isLendable, type NodeState, STATES } from '../model/node-states.ts';
import type { NodeRequest } from '../ports/nodes.ts';
import type { NodeInputs } from './inputs.ts';

/**
 * Accepts the host key that the node shows if an operator named exactly this key. The machine may have been
 * reinstalled, so it is prepared and verified again before it is lent.
 */
export function acceptTrustedKey(
  record: NodeRecord,
  { node, health }: Pick<NodeInputs, 'node' | 'health'>,
): NodeRecord {
  const { trustedFingerprint } = node.requests;
  const isNamed = trustedFingerprint !== null && trustedFingerprint === health.offeredFingerprint;
  // A pinned key can only be changed in the inventory.
  if (!isNamed || node.spec.pinnedHostKey !== null) return record;
  if (health.offeredHostKey === null || health.offeredHostKey === record.hostKey) return record;
  return {
    ...record,
    hostKey: health.offeredHostKey,
    offeredFingerprint: null,
    preparedAt: null,
    verifiedAt: null,
  };
}

/** The requests after a cordon, drain or uncordon. One without a reason keeps the earlier reason and its author. */
export function withMaintenance(requests: NodeRequests, request: NodeRequest): NodeRequests {
  if (request.kind === 'uncordon')
    return { ...requests, cordoned: false, draining: false, maintenance: null };
  if (request.kind !== 'cordon' && request.kind !== 'drain') return requests;
  const maintenance =
    request.attribution.reason === null ? (requests.maintenance ?? request.attribution) : request.attribution;
  const set = request.kind === 'cordon' ? { cordoned: true } : { draining: true };
  return { ...requests, ...set, maintenance };
}

/** An operator's request to clean the node skips the wait before the next attempt. */
export function hastenCleaning(record: NodeRecord, { node }: Pick<NodeInputs, 'node'>): NodeRecord {
  if (STATES[record.state].work !== 'clean' || !isCleaningAsked({ requests: node.requests, record }))
    return record;
  return { ...record, nextAttemptAt: null, cleanSeen: node.requests.cleanRequested };
}

/** What a draining or retiring node is waiting for. */
export function whyNotEmpty({ node, live }: Pick<NodeInputs, 'node' | 'live'>, state: NodeState): string {
  const name = node.spec.name;
  if (live) return `${live.rentalId} moves off it as soon as another matching node is free`;
  if (!node.spec.retiring) return 'empty';
  if (isDeadState(state)) {
    return `it is dead, so what clients left on it can't be removed: start it, or give it up with orion forget ${name}`;
  }
  if (STATES[state].work === 'cleanSlowly')
    return `it cannot be cleaned: fix it, or give it up with orion forget ${name}`;
  return 'it is being cleaned';
}

/**
 * May a node that left the inventory be dropped? Only if it has no client, is clean, and no longer carries the
 * fleet's mark. A machine that died clean or never answered has nothing to clean. A node that an operator gave up is
 * dropped as it is.
 */
export function mayBeRemoved({
  node,
  live,
  residue,
}: Pick<NodeInputs, 'node' | 'live' | 'residue'>): boolean {
  const { state } = node.record;
  if (!node.spec.retiring || live) return false;
  if (node.requests.forgetting) return true;
  const isClean =
    (isLendable(state) && hasLeft(node.record)) ||
    STATES[state].verdict === 'unknown' ||
    (isDeadState(state) && !isQuarantined(node.record));
  return residue.length === 0 && isClean;
}
