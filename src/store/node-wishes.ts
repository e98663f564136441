import { and, eq, inArray, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import type { NodeWish } from '../core/store-ports.ts';
import { nextGeneration } from './nodes.ts';
import type { Session } from './pool.ts';
import { nodes } from './schema.ts';

/** The columns that a wish sets, and when it may. */
function effectOf(wish: NodeWish): { set: Partial<typeof nodes.$inferInsert>; when: SQL | undefined } {
  switch (wish.kind) {
    case 'cordon':
      return { set: { cordoned: true }, when: eq(nodes.cordoned, false) };
    case 'uncordon':
      return {
        set: { cordoned: false, draining: false },
        when: or(eq(nodes.cordoned, true), eq(nodes.draining, true)),
      };
    case 'drain':
      return { set: { draining: true }, when: eq(nodes.draining, false) };
    case 'clean':
      return {
        set: { cleanRequested: sql`${nodes.cleanRequested} + 1` as never },
        // Dead and answering: held until a person says that it is well.
        when: or(
          inArray(nodes.state, ['quarantined', 'cleaning', 'free']),
          and(eq(nodes.state, 'dead'), eq(nodes.status, 'alive')),
        ),
      };
    case 'forget':
      return {
        set: { forgetting: true },
        when: and(eq(nodes.retiring, true), inArray(nodes.state, ['dead', 'quarantined', 'unknown'])),
      };
    case 'trust':
      return {
        set: { trustedFingerprint: wish.fingerprint },
        when: and(
          isNull(nodes.pinnedHostKey),
          or(isNull(nodes.trustedFingerprint), ne(nodes.trustedFingerprint, wish.fingerprint)),
        ),
      };
    default:
      return wish satisfies never;
  }
}

/** False when the node's state does not allow the wish or it is written already; also when there is no such node. */
export async function updateWish({ db }: Session, name: string, wish: NodeWish): Promise<boolean> {
  const { set, when } = effectOf(wish);
  const [result] = await db
    .update(nodes)
    .set({ ...set, generation: nextGeneration })
    .where(and(eq(nodes.name, name), when));
  return result.affectedRows === 1;
}
