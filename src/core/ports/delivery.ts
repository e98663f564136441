import type { NoticeBody } from '../history/notice.ts';
import type { SecretVersion } from '../tenant/secret-rotation.ts';

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** For how long a message is tried, from when it was written or was asked to be sent again. */
export const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/** A message to a client's webhook, in the outbox from the moment at which what it tells of was saved. */
export interface Delivery {
  /** `webhook-id`: the same at each try, so that a receiver can tell a repeated message. */
  messageId: string;
  type: NoticeBody['type'];
  rentalId: string;
  tenant: string;
  /** Where it was sent last, or is to be sent. */
  url: string;
  state: DeliveryState;
  attempts: number;
  createdAt: Date;
  /** Null when it is not pending. */
  nextAttemptAt: Date | null;
  /** Of the last try that failed. */
  lastError: string | null;
  /** When it was delivered or given up. */
  endedAt: Date | null;
}

/** A message whose turn has come: the first of its rental that is pending. */
export interface DueDelivery {
  id: number;
  rentalId: string;
  tenant: string;
  /** Null: the rental has no webhook any more. */
  url: string | null;
  attempts: number;
}

/** A message that nobody else sends until its claim is over. */
export interface ClaimedDelivery {
  id: number;
  messageId: string;
  /** Counts this one. */
  attempts: number;
  body: NoticeBody;
  giveUpAt: Date;
  secret: SecretVersion;
}

const UNREACHED = 'it could not be reached';
const NO_ANSWER = 'no answer within';

/** `why`: the code of the error. */
export function describeUnreached(why: string): string {
  return `${UNREACHED} (${why})`;
}

export function describeNoAnswer(deadlineMs: number): string {
  return `${NO_ANSWER} ${deadlineMs / 1_000} s`;
}

/**
 * A failed try as its tenant is told of it. Whether a port is open, closed or filtered is not for him to find out through
 * Orion, so all that came to no answer is told in the same words; administrators and the log have the rest.
 */
export function tellTenant(error: string | null): string | null {
  return error?.startsWith(UNREACHED) || error?.startsWith(NO_ANSWER) ? UNREACHED : error;
}

/** What came of calling a webhook. */
const ATTEMPT_OUTCOMES = ['delivered', 'refused', 'blocked', 'timeout', 'unreachable'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

export type AttemptEnd =
  | { kind: 'delivered'; at: Date }
  | { kind: 'failed'; error: string; nextAttemptAt: Date }
  | { kind: 'dead'; error: string; at: Date };
