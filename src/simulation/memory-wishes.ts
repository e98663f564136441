import type { Node, NodeWishes } from '../core/node.ts';
import { isReturnHeld } from '../core/node-wishes.ts';
import type { NodeWish } from '../core/store-ports.ts';

/** The wishes after one more; null when the node's state does not allow it or it is there already. */
export function withWish({ wishes, spec, record }: Node, wish: NodeWish): NodeWishes | null {
  switch (wish.kind) {
    case 'cordon':
      return wishes.cordoned ? null : { ...wishes, cordoned: true };
    case 'uncordon':
      return wishes.cordoned || wishes.draining ? { ...wishes, cordoned: false, draining: false } : null;
    case 'drain':
      return wishes.draining ? null : { ...wishes, draining: true };
    case 'clean':
      if (!['quarantined', 'cleaning', 'free'].includes(record.state) && !isReturnHeld(record)) return null;
      return { ...wishes, cleanRequested: wishes.cleanRequested + 1 };
    case 'forget':
      if (!spec.retiring || !['dead', 'quarantined', 'unknown'].includes(record.state)) return null;
      return { ...wishes, forgetting: true };
    case 'trust':
      if (spec.pinnedHostKey !== null || wishes.trustedFingerprint === wish.fingerprint) return null;
      return { ...wishes, trustedFingerprint: wish.fingerprint };
    default:
      return wish satisfies never;
  }
}
