import type { NewEvent } from '../history/event.ts';
import type { NoticeBody } from '../history/notice.ts';
import type { SecretVersion } from '../tenant/secret-rotation.ts';

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** How long delivery is attempted, from when the message was written or its resending was requested. */
export const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/** A message to a client's webhook, in the outbox from the moment that the change it reports was saved. */
export interface Delivery {
  /** `webhook-id`: the same for each attempt, so that a receiver can recognize a repeated message. */
  messageId: string;
  type: NoticeBody['type'];
  rentalId: string;
  tenant: string;
  /** Where it was last sent, or will be sent. */
  url: string;
  state: DeliveryState;
  attempts: number;
  createdAt: Date;
  /** Null when it is not pending. */
  nextAttemptAt: Date | null;
  /** The error of the last failed attempt. */
  lastError: string | null;
  /** When it was delivered or given up. */
  endedAt: Date | null;
}

/** A message as it is stored; ids grow with time. */
export interface DeliveryRow extends Delivery {
  id: number;
  body: NoticeBody;
  giveUpAt: Date;
}

/**
 * The message of an event; null when it has none. `suffix` keeps its id unique even where the numbers were reset, as
 * by restoring a backup.
 */
export function newDelivery(
  { notice, rentalId, tenant, at }: NewEvent,
  numbers: { seq: number; fence: number },
  suffix: string,
): Omit<DeliveryRow, 'id'> | null {
  if (!notice || rentalId === null || tenant === null) return null;
  return {
    messageId: `msg_${numbers.seq}_${suffix}`,
    rentalId,
    tenant,
    type: notice.type,
    url: notice.url,
    body: notice.body(numbers.fence),
    createdAt: at,
    lastError: null,
    ...startOver(at),
  };
}

/** What is written when a message that ended is sent again, and when it is new. */
export function startOver(now: Date) {
  const giveUpAt = new Date(now.getTime() + GIVE_UP_AFTER_MS);
  return { state: 'pending' as const, attempts: 0, nextAttemptAt: now, endedAt: null, giveUpAt };
}

/** A message that is due: the first pending one of its rental. */
export interface DueDelivery {
  id: number;
  rentalId: string;
  tenant: string;
  /** Null: the rental no longer has a webhook. */
  url: string | null;
  attempts: number;
}

/** A message that nobody else sends until the claim ends. */
export interface ClaimedDelivery {
  id: number;
  messageId: string;
  /** Including this one. */
  attempts: number;
  body: NoticeBody;
  giveUpAt: Date;
  secret: SecretVersion;
}

const UNREACHED = 'it could not be reached';
const NO_ANSWER = 'no answer within';

/** `why`: the error code. */
export function describeUnreached(why: string): string {
  return `${UNREACHED} (${why})`;
}

export function describeNoAnswer(deadlineMs: number): string {
  return `${NO_ANSWER} ${deadlineMs / 1_000} s`;
}

/**
 * The error of a failed attempt as the tenant sees it. Tenants must not learn through Orion whether a port is open,
 * closed or filtered, so every attempt without an answer reads the same. Administrators and the log get the details.
 */
export function tellTenant(error: string | null): string | null {
  return error?.startsWith(UNREACHED) || error?.startsWith(NO_ANSWER) ? UNREACHED : error;
}

/** The possible results of calling a webhook. */
export type AttemptOutcome = 'delivered' | 'refused' | 'blocked' | 'timeout' | 'unreachable';

export type AttemptEnd =
  | { kind: 'delivered'; at: Date }
  | { kind: 'failed'; error: string; nextAttemptAt: Date }
  | { kind: 'dead'; error: string; at: Date };

/** The size of its column. */
const MAX_ERROR_LENGTH = 512;

/** What the end of an attempt writes. */
export function afterAttempt(end: AttemptEnd): Partial<DeliveryRow> {
  if (end.kind === 'delivered')
    return { lastError: null, state: end.kind, endedAt: end.at, nextAttemptAt: null };
  const lastError = end.error.slice(0, MAX_ERROR_LENGTH);
  if (end.kind === 'failed') return { lastError, nextAttemptAt: end.nextAttemptAt };
  return { lastError, state: end.kind, endedAt: end.at, nextAttemptAt: null };
}
