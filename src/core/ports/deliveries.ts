import type { NewEvent } from '../history/event.ts';
import type { SecretVersion } from '../tenant/secret-rotation.ts';
import type { AttemptEnd, ClaimedDelivery, Delivery, DeliveryState, DueDelivery } from './delivery.ts';
import type { Leadership } from './leadership.ts';
import type { Page } from './page.ts';

/** The sender's side of the store. */
export interface OutboxStore {
  /** The first pending message of each rental, if its next attempt is due; longest waiting first. */
  listDueDeliveries(now: Date, limit: number): Promise<DueDelivery[]>;
  /**
   * Counts an attempt before it is made, under the fence, if none was made since the message was listed. Nobody else
   * makes the next one before `until`. Null: somebody else made one, or the message is no longer pending.
   */
  claimDelivery(
    leadership: Leadership,
    delivery: DueDelivery,
    until: Date,
  ): Promise<ClaimedDelivery | 'deposed' | null>;
  /** Records the result of the attempt. False when it is no longer the last one: then nothing is written. */
  endAttempt(delivery: Pick<ClaimedDelivery, 'id' | 'attempts'>, end: AttemptEnd): Promise<boolean>;
}

/** The API's side of the outbox. `tenant` null means every tenant's. */
export interface DeliveryStore {
  /** Newest first; `cursor`: where the previous page ended. */
  listDeliveries(
    tenant: string | null,
    filter: { state: DeliveryState | null; rentalId: string | null },
    page: { limit: number; cursor: string | null },
  ): Promise<Page<Delivery>>;
  /** Sends a message again, even one that was delivered or given up. Null: there is no such message. */
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

/** A term of leadership, as the sender sees it. */
export interface SenderTerm {
  leadership: Leadership;
  signal: AbortSignal;
  /** Checked right before each message: leadership may have moved on by now. */
  mayAct(): boolean;
}

/** Calls the clients' webhooks. */
export interface MessageSender {
  /** There is a message: check now instead of at the next poll. */
  wake(): void;
  /** Runs until the signal; never rejects. */
  run(term: SenderTerm): Promise<void>;
}
