import { isReturnHeld, type Node } from '../model/node.ts';
import { accepts, isDeadState, STATES } from '../model/node-states.ts';
import type { NodeRequest } from '../ports/nodes.ts';
import { whyNotAccepted } from './acceptance.ts';

/** Why the node's state does not allow the request, and what to do instead; null when it does. */
export function whyRefused(node: Node, occupant: string | null, request: NodeRequest): string | null {
  const { spec, record } = node;
  switch (request.kind) {
    case 'clean':
      // A person says that the node is well. Its occupant gets it back first; it is cleaned after them.
      if (isReturnHeld(record)) return null;
      if (occupant !== null) return `${occupant} is on it; drain it first`;
      if (isDeadState(record.state)) return 'it is dead; it will be cleaned when it answers again';
      return STATES[record.state].verdict === 'unknown' ? 'it has not been judged yet' : null;
    case 'forget':
      if (!spec.retiring) return 'it is in the inventory; remove it from there first';
      if (accepts(record.state, 'forget')) return null;
      return 'it is alive: it will be emptied, cleaned and dropped automatically';
    case 'trust':
      if (spec.pinnedHostKey !== null) return 'its host key is pinned in the inventory; change it there';
      if (record.offeredFingerprint === null) return 'it shows no host key other than the known one';
      return record.offeredFingerprint === request.fingerprint
        ? null
        : `it shows the host key ${record.offeredFingerprint}, not that one`;
    case 'adopt':
      if (record.otherFleet === null) return 'it belongs to no other fleet, as far as is known';
      return record.otherFleet === request.fleet
        ? null
        : `it belongs to the fleet ${record.otherFleet}, not to that one`;
    case 'accept':
      return whyNotAccepted(node, request.accept);
    default:
      return null;
  }
}
