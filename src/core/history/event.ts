import type { Actor } from './actor.ts';
import type { Notice } from './notice.ts';

/** Kinds of entries in the append-only history. */
export const EVENT_TYPES = [
  'rental.created',
  'rental.updated',
  'rental.release_requested',
  'rental.waiting',
  'rental.placed',
  'rental.active',
  'rental.status',
  'rental.lost',
  'rental.migrating',
  'rental.migrated',
  'rental.placement_failed',
  'rental.recovered',
  'rental.restarted',
  'rental.expiring',
  'rental.expired',
  'rental.releasing',
  'rental.released',
  'rental.failed',
  'node.joined',
  'node.changed',
  'node.retiring',
  'node.removed',
  'node.suspect',
  'node.alive',
  'node.dead',
  'node.restarted',
  'node.provisioning',
  'node.allocated',
  'node.cleaning',
  'node.cleaning_failed',
  'node.drift_repaired',
  'node.stray_account_removed',
  'node.free',
  'node.quarantined',
  'node.condition',
  'node.cordoned',
  'node.uncordoned',
  'node.draining',
  'node.trust_requested',
  'node.adopt_requested',
  'node.accept_requested',
  'node.clean_requested',
  'node.forget_requested',
  'node.host_key_recorded',
  'node.host_key_trusted',
  'node.adopted',
  'node.accepted',
  'inventory.applied',
  'inventory.refused',
  'inventory.mismatch',
  'inventory.apply_requested',
  'pool.breaker_opened',
  'pool.breaker_closed',
  'pool.paused',
  'pool.resumed',
  'pool.override_requested',
  'pool.override_used',
  'daemon.fault',
  'daemon.recovered',
  'leader.elected',
  'token.created',
  'token.revoked',
  'session.created',
  'session.ended',
  'access.refused',
  'access.denied',
  'webhook.secret_rotated',
  'webhook.resend_requested',
  'tenant.limits_changed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/**
 * One entry of the history, before the store gives it an id and its place in the order. `object` is the rental or
 * node as the API shows it after the change. Watch streams replay it, so that a watcher sees every step even when
 * two happen between two polls. It may be a function of the save's fence number, for snapshots that show the epoch
 * that the save creates.
 */
export interface NewEvent {
  type: EventType;
  at: Date;
  rentalId: string | null;
  node: string | null;
  tenant: string | null;
  reason: string;
  message: string;
  object: unknown | ((fence: number) => unknown);
  /** The author of the request; absent when Orion itself did it. */
  actor?: Actor | null;
  /** The message to the rental's client. It enters the outbox in the transaction that writes the event. */
  notice?: Notice;
}

export interface StoredEvent extends Omit<NewEvent, 'object' | 'notice'> {
  object: unknown;
  /** Position in the one order of all events, assigned by the leader; streams resume from it. */
  seq: number;
}
