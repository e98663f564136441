import type { NewEvent } from '../history/event.ts';
import type { SecretVersion } from '../tenant/secret-rotation.ts';
import type { AttemptEnd, ClaimedDelivery, Delivery, DeliveryState, DueDelivery } from './delivery.ts';
import type { Leadership, Page } from './stores.ts';

/** The sender's side of the store. */
export interface OutboxStore {
  /** The first pending message of each rental, where its next try is due; those that waited longest first. */
  listDueDeliveries(now: Date, limit: number): Promise<DueDelivery[]>;
  /**
   * Counts a try before it is made, under the fence, where nobody has made one since the message was listed. Nobody
   * else makes the next before `until`. Null: another one did, or it is not pending any more.
   */
  claimDelivery(
    leadership: Leadership,
    delivery: DueDelivery,
    until: Date,
  ): Promise<ClaimedDelivery | 'deposed' | null>;
  /** What became of the try. False when it is not the last one any more: then nothing is written. */
  endAttempt(delivery: Pick<ClaimedDelivery, 'id' | 'attempts'>, end: AttemptEnd): Promise<boolean>;
}

/** The API's side of the outbox. `tenant` null means every tenant's. */
export interface DeliveryStore {
  /** Newest first; `cursor`: where the page before ended. */
  listDeliveries(
    tenant: string | null,
    filter: { state: DeliveryState | null; rentalId: string | null },
    page: { limit: number; cursor: string | null },
  ): Promise<Page<Delivery>>;
  /** Tries it again from now on, also one that was delivered or given up. Null: there is no such message. */
  resendDelivery(
    tenant: string | null,
    messageId: string,
    now: Date,
    event?: NewEvent,
  ): Promise<Delivery | null>;
  countDeliveries(): Promise<{ state: DeliveryState; count: number }[]>;
  loadSecretVersion(tenant: string): Promise<SecretVersion>;
  /** Puts the next secret in force. */
  rotateSecret(tenant: string, now: Date, event: NewEvent): Promise<SecretVersion>;
}

/** A time of leading, as whoever sends sees it. */
export interface SenderTerm {
  leadership: Leadership;
  signal: AbortSignal;
  /** Asked right before each message: the lease may be another's by now. */
  mayAct(): boolean;
}

/** Who calls the clients' webhooks. */
export interface MessageSender {
  /** There is a message: look now instead of at the next poll. */
  wake(): void;
  /** Runs until the signal; never rejects. */
  run(term: SenderTerm): Promise<void>;
}
