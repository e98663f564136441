import type { Ask } from '../core/model/controls.ts';
import type { Node, NodeWishes } from '../core/model/node.ts';
import { isReturnHeld, withMaintenance } from '../core/node/requests.ts';
import type { NodeWish } from '../core/ports/stores.ts';

/** The wishes after one more; null when the node's state does not allow it or it is there already. */
export function withWish({ wishes, spec, record }: Node, wish: NodeWish): NodeWishes | null {
  switch (wish.kind) {
    case 'cordon':
      return wishes.cordoned && !isOther(wishes, wish.ask) ? null : withMaintenance(wishes, wish);
    case 'drain':
      return wishes.draining && !isOther(wishes, wish.ask) ? null : withMaintenance(wishes, wish);
    case 'uncordon':
      return wishes.cordoned || wishes.draining ? withMaintenance(wishes, wish) : null;
    case 'clean':
      if (!['quarantined', 'cleaning', 'free'].includes(record.state) && !isReturnHeld(record)) return null;
      return { ...wishes, cleanRequested: wishes.cleanRequested + 1 };
    case 'forget':
      if (!spec.retiring || !['dead', 'quarantined', 'unknown'].includes(record.state)) return null;
      return { ...wishes, forgetting: true };
    case 'trust':
      if (spec.pinnedHostKey !== null || wishes.trustedFingerprint === wish.fingerprint) return null;
      return { ...wishes, trustedFingerprint: wish.fingerprint };
    case 'adopt':
      if (record.otherFleet !== wish.fleet || wishes.adoptRequested > record.adoptSeen) return null;
      return {
        ...wishes,
        adoptRequested: wishes.adoptRequested + 1,
        cleanRequested: wishes.cleanRequested + 1,
      };
    case 'accept':
      if (wishes.acceptRequested > record.acceptSeen || record.differences === null) return null;
      if (record.state !== 'quarantined' && record.state !== 'cleaning') return null;
      return {
        ...wishes,
        acceptRequested: wishes.acceptRequested + 1,
        accept: wish.accept,
        cleanRequested: wishes.cleanRequested + 1,
      };
    default:
      return wish satisfies never;
  }
}

/** Another reason is worth writing, too. */
function isOther({ maintenance }: NodeWishes, { reason }: Ask): boolean {
  return reason !== null && reason !== maintenance?.reason;
}
