import type { Ask } from '../core/controls.ts';
import type { Node, NodeWishes } from '../core/node.ts';
import { isReturnHeld } from '../core/node-wishes.ts';
import type { NodeWish } from '../core/store-ports.ts';

/** The wishes after one more; null when the node's state does not allow it or it is there already. */
export function withWish({ wishes, spec, record }: Node, wish: NodeWish): NodeWishes | null {
  switch (wish.kind) {
    case 'cordon':
      return maintain(wishes, { cordoned: true }, wish.ask);
    case 'uncordon':
      return wishes.cordoned || wishes.draining
        ? { ...wishes, cordoned: false, draining: false, maintenance: null }
        : null;
    case 'drain':
      return maintain(wishes, { draining: true }, wish.ask);
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

/** Another reason is worth writing, too; without one the first stays, with its author. */
function maintain(
  wishes: NodeWishes,
  set: { cordoned: true } | { draining: true },
  ask: Ask,
): NodeWishes | null {
  const isNew = Object.keys(set).some((key) => !wishes[key as 'cordoned' | 'draining']);
  const isOther = ask.reason !== null && ask.reason !== wishes.maintenance?.reason;
  if (!isNew && !isOther) return null;
  return { ...wishes, ...set, maintenance: ask.reason === null ? (wishes.maintenance ?? ask) : ask };
}
