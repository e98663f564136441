import type { EventType, StoredEvent } from '../history/event.ts';
import type { NodeState } from '../model/node-states.ts';
import type { RentalPhase } from '../model/rental.ts';

/** The part of a history entry that the quality of service is computed from. Times are milliseconds UTC. */
export interface QosEvent {
  /** Its place in the order. */
  seq: number;
  type: EventType;
  atMs: number;
  rentalId: string | null;
  node: string | null;
  tenant: string | null;
  /** The rental's phase or the node's state after the event. */
  state: RentalPhase | NodeState | null;
  /** The node's probes fail. */
  isUnreachable: boolean;
  /** For a restart under a rental: the last answer before it. */
  silentSinceMs?: number | null;
}

/** A node as the last entry about it before the window shows it. */
export interface NodeOpening {
  /** That entry's place in the order. */
  seq: number;
  node: string;
  state: NodeState;
  stateSinceMs: number;
  /** When its probes began to fail; null: it answers. */
  unreachableSinceMs: number | null;
}

/**
 * True: the event's `state` is reliable, since the leader wrote the object under its fence. The API writes an object
 * that the leader may have changed meanwhile; only the creation of a rental is the API's alone.
 */
const TELLS_STATE: Record<EventType, boolean> = {
  'rental.created': true,
  'rental.updated': false,
  'rental.release_requested': false,
  'rental.waiting': true,
  'rental.placed': true,
  'rental.active': true,
  'rental.status': true,
  'rental.lost': true,
  'rental.migrating': true,
  'rental.migrated': true,
  'rental.placement_failed': true,
  'rental.recovered': true,
  'rental.restarted': true,
  'rental.expiring': true,
  'rental.expired': true,
  'rental.releasing': true,
  'rental.released': true,
  'rental.failed': true,
  'node.joined': true,
  'node.changed': true,
  'node.retiring': true,
  'node.removed': true,
  'node.suspect': true,
  'node.alive': true,
  'node.dead': true,
  'node.restarted': true,
  'node.provisioning': true,
  'node.allocated': true,
  'node.cleaning': true,
  'node.cleaning_failed': true,
  'node.drift_repaired': true,
  'node.stray_account_removed': true,
  'node.free': true,
  'node.quarantined': true,
  'node.condition': true,
  'node.cordoned': false,
  'node.uncordoned': false,
  'node.draining': false,
  'node.trust_requested': false,
  'node.adopt_requested': false,
  'node.accept_requested': false,
  'node.clean_requested': false,
  'node.forget_requested': false,
  'node.host_key_recorded': true,
  'node.host_key_trusted': true,
  'node.adopted': true,
  'node.accepted': true,
  'inventory.applied': false,
  'inventory.refused': false,
  'inventory.mismatch': false,
  'inventory.apply_requested': false,
  'pool.breaker_opened': false,
  'pool.breaker_closed': false,
  'pool.paused': false,
  'pool.resumed': false,
  'pool.override_requested': false,
  'pool.override_used': false,
  'daemon.fault': false,
  'daemon.recovered': false,
  'leader.elected': false,
  'token.created': false,
  'token.revoked': false,
  'session.created': false,
  'session.ended': false,
  'access.refused': false,
  'access.denied': false,
  'webhook.secret_rotated': false,
  'webhook.resend_requested': false,
  'tenant.limits_changed': false,
};

const STATE_TYPES = (Object.keys(TELLS_STATE) as EventType[]).filter((type) => TELLS_STATE[type]);
export const RENTAL_STATE_TYPES = STATE_TYPES.filter((type) => type.startsWith('rental.'));
export const NODE_STATE_TYPES = STATE_TYPES.filter((type) => type.startsWith('node.'));

/** What is kept of an event; the database extracts the same from the object (store/schema-history.ts). */
export function toQosEvent({ seq, type, at, rentalId, node, tenant, object }: StoredEvent): QosEvent {
  const { phase, state, unreachableSince } = statusOf(object);
  return {
    seq,
    type,
    atMs: at.getTime(),
    rentalId,
    node,
    tenant,
    ...(type === 'rental.restarted' ? { silentSinceMs: silentSinceOf(object) } : {}),
    state: (phase ?? state ?? null) as QosEvent['state'],
    isUnreachable: typeof unreachableSince === 'string',
  };
}

/** The node as the event shows it; null: the event shows none. */
export function toNodeOpening({
  seq,
  node,
  object,
}: Pick<StoredEvent, 'seq' | 'node' | 'object'>): NodeOpening | null {
  const { state, stateSince, unreachableSince } = statusOf(object);
  if (node === null || typeof stateSince !== 'string') return null;
  const unreachableSinceMs = typeof unreachableSince === 'string' ? Date.parse(unreachableSince) : null;
  return { seq, node, state: state as NodeState, stateSinceMs: Date.parse(stateSince), unreachableSinceMs };
}

/** The last answer before a restart; `object`: that of a `rental.restarted` event. */
export function silentSinceOf(object: unknown): number | null {
  const restart = statusOf(object).restart as { silentSince?: string } | null | undefined;
  return restart?.silentSince === undefined ? null : Date.parse(restart.silentSince);
}

function statusOf(object: unknown): Record<string, unknown> {
  return (object as { status?: Record<string, unknown> } | null)?.status ?? {};
}
