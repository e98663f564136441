import type { ConnectionView, RentalView } from '../view/rental-view.ts';

/** Calls of webhooks, in the clients' terms: access began, moved, is lost, was interrupted, will end, has ended. */
export const NOTICE_TYPES = [
  'rental.active',
  'rental.migrated',
  'rental.lost',
  'rental.restarted',
  'rental.expiring',
  'rental.released',
  'rental.failed',
] as const;
export type NoticeType = (typeof NOTICE_TYPES)[number];

/** A message to a client, before the outbox gives it an id. */
export interface Notice {
  type: NoticeType;
  url: string;
  /** A function of the save's fence number, like the event's own object. */
  body: (fence: number) => NoticeBody;
}

/** The request body: as Standard Webhooks recommends, with the rental as the API shows it in `data`. */
export interface NoticeBody {
  type: NoticeType;
  /** When it happened, RFC 3339. */
  timestamp: string;
  data: RentalView & {
    /** The same as in the history. */
    reason: string;
    message: string;
    /** For a move: where the account was until now. The rental itself shows the new connection. */
    previousConnection?: ConnectionView | null;
  };
}
