import type { ConnectionView, RentalView } from '../view/rental-view.ts';

/** What a client's webhook is told of, in his terms: access came, went elsewhere, is missing, will end, has ended. */
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

/** As it is sent: what Standard Webhooks recommends, with the rental as the API shows it as its data. */
export interface NoticeBody {
  type: NoticeType;
  /** When it happened, RFC 3339. */
  timestamp: string;
  data: RentalView & {
    /** As in the history. */
    reason: string;
    message: string;
    /** Of a move: where the account was until now. The new connection is the rental's own. */
    previousConnection?: ConnectionView | null;
  };
}
