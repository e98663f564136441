import { and, eq, inArray, isNotNull, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Attribution } from '../../core/model/controls.ts';
import { statesThatAccept } from '../../core/model/node-states.ts';
import type { NodeRequest } from '../../core/ports/stores.ts';
import type { Connection } from '../connection/pool.ts';
import { nodes } from '../schema.ts';
import { nextGeneration } from './nodes.ts';

/** The columns that a request sets, and when it is allowed. */
function effectOf(request: NodeRequest): { set: Partial<typeof nodes.$inferInsert>; when: SQL | undefined } {
  switch (request.kind) {
    case 'cordon':
      return maintain({ cordoned: true }, eq(nodes.cordoned, false), request.attribution);
    case 'uncordon':
      return {
        set: { cordoned: false, draining: false, ...NO_MAINTENANCE },
        when: or(eq(nodes.cordoned, true), eq(nodes.draining, true)),
      };
    case 'drain':
      return maintain({ draining: true }, eq(nodes.draining, false), request.attribution);
    case 'clean':
      return {
        set: { cleanRequested: sql`${nodes.cleanRequested} + 1` as never },
        // Dead but answering: held until a person says that it is well.
        when: or(
          inArray(nodes.state, statesThatAccept('clean')),
          and(inArray(nodes.state, statesThatAccept('return')), eq(nodes.status, 'alive')),
        ),
      };
    case 'forget':
      return {
        set: { forgetting: true },
        when: and(eq(nodes.retiring, true), inArray(nodes.state, statesThatAccept('forget'))),
      };
    case 'trust':
      return {
        set: { trustedFingerprint: request.fingerprint },
        when: and(
          isNull(nodes.pinnedHostKey),
          or(isNull(nodes.trustedFingerprint), ne(nodes.trustedFingerprint, request.fingerprint)),
        ),
      };
    case 'adopt':
      return {
        // Cleaned at once: it is a cleaning order that takes the node over.
        set: {
          adoptRequested: sql`${nodes.adoptRequested} + 1` as never,
          cleanRequested: sql`${nodes.cleanRequested} + 1` as never,
        },
        when: and(eq(nodes.otherFleet, request.fleet), eq(nodes.adoptRequested, nodes.adoptSeen)),
      };
    case 'accept': {
      const { ids, reason, by, at } = request.accept;
      return {
        // Cleaned at once: it is a cleaning order that accepts them.
        set: {
          acceptRequested: sql`${nodes.acceptRequested} + 1` as never,
          cleanRequested: sql`${nodes.cleanRequested} + 1` as never,
          acceptIds: ids,
          acceptReason: reason,
          acceptBy: by,
          acceptAt: at,
        },
        when: and(
          eq(nodes.acceptRequested, nodes.acceptSeen),
          isNotNull(nodes.differences),
          inArray(nodes.state, statesThatAccept('accept')),
        ),
      };
    }
    default:
      return request satisfies never;
  }
}

const NO_MAINTENANCE = { maintenanceReason: null, maintenanceBy: null, maintenanceAt: null };

/** Another reason is worth writing, too. Without one, the first reason and its author stay. */
function maintain(
  set: { cordoned: true } | { draining: true },
  isNew: SQL,
  { reason, by, at }: Attribution,
): ReturnType<typeof effectOf> {
  const named = { maintenanceReason: reason, maintenanceBy: by, maintenanceAt: at };
  if (reason !== null) {
    const isOther = or(isNull(nodes.maintenanceReason), ne(nodes.maintenanceReason, reason));
    return { set: { ...set, ...named }, when: or(isNew, isOther) };
  }
  return {
    set: {
      ...set,
      maintenanceBy: sql`coalesce(${nodes.maintenanceBy}, ${by})` as never,
      maintenanceAt: sql`coalesce(${nodes.maintenanceAt}, ${sql.param(at, nodes.maintenanceAt)})` as never,
    },
    when: isNew,
  };
}

/** False when the node's state does not allow the request, it is already written, or there is no such node. */
export async function updateRequest(
  { db }: Connection,
  name: string,
  request: NodeRequest,
): Promise<boolean> {
  const { set, when } = effectOf(request);
  const [result] = await db
    .update(nodes)
    .set({ ...set, generation: nextGeneration })
    .where(and(eq(nodes.name, name), when));
  return result.affectedRows === 1;
}
