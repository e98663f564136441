import type { Attribution } from '../model/controls.ts';
import { isReturnHeld, type Node, type NodeRequests } from '../model/node.ts';
import { accepts } from '../model/node-states.ts';
import type { NodeRequest } from '../ports/nodes.ts';
import { withMaintenance } from './requests.ts';

/** The requests after one more; null when the node's state does not allow it or it is already in force. */
export function withRequest({ requests, spec, record }: Node, request: NodeRequest): NodeRequests | null {
  switch (request.kind) {
    case 'cordon':
      return requests.cordoned && !isOther(requests, request.attribution)
        ? null
        : withMaintenance(requests, request);
    case 'drain':
      return requests.draining && !isOther(requests, request.attribution)
        ? null
        : withMaintenance(requests, request);
    case 'uncordon':
      return requests.cordoned || requests.draining ? withMaintenance(requests, request) : null;
    case 'clean':
      if (!accepts(record.state, 'clean') && !isReturnHeld(record)) return null;
      return { ...requests, cleanRequested: requests.cleanRequested + 1 };
    case 'forget':
      if (!spec.retiring || !accepts(record.state, 'forget')) return null;
      return { ...requests, forgetting: true };
    case 'trust':
      if (spec.pinnedHostKey !== null || requests.trustedFingerprint === request.fingerprint) return null;
      return { ...requests, trustedFingerprint: request.fingerprint };
    case 'adopt':
      if (record.otherFleet !== request.fleet || requests.adoptRequested > record.adoptSeen) return null;
      return {
        ...requests,
        adoptRequested: requests.adoptRequested + 1,
        cleanRequested: requests.cleanRequested + 1,
      };
    case 'accept':
      if (requests.acceptRequested > record.acceptSeen || record.differences === null) return null;
      if (!accepts(record.state, 'accept')) return null;
      return {
        ...requests,
        acceptRequested: requests.acceptRequested + 1,
        accept: request.accept,
        cleanRequested: requests.cleanRequested + 1,
      };
    default:
      return request satisfies never;
  }
}

/** A new reason is worth writing even if nothing else changes. */
function isOther({ maintenance }: NodeRequests, { reason }: Attribution): boolean {
  return reason !== null && reason !== maintenance?.reason;
}
