import type { NewEvent, StoredEvent } from '../history/event.ts';
import type { StoredEventFilter } from '../history/event-filter.ts';
import type { QosHistory } from '../qos/qos.ts';

/** Selects rentals and a time span; null means any. */
export interface QosQuestion {
  tenant: string | null;
  rentalId: string | null;
  from: Date;
  to: Date;
  limit: number;
}

/** The history. `tenant` null means every tenant's (admin). */
export interface EventStore {
  listEvents(
    tenant: string | null,
    filter: StoredEventFilter & { afterSeq: number; limit: number },
  ): Promise<StoredEvent[]>;
  /** The newest events, newest first; `beforeSeq` pages back. */
  listRecentEvents(
    tenant: string | null,
    filter: StoredEventFilter & { beforeSeq: number | null; limit: number },
  ): Promise<StoredEvent[]>;
  /** The highest event number that readers may rely on. */
  lastEventSeq(): Promise<number>;
  /** The lowest event number still kept; 0 when there is none. */
  firstEventSeq(): Promise<number>;
  /** The history that the quality of service is computed from; null: more than `limit` entries. */
  loadQosHistory(asked: QosQuestion): Promise<QosHistory | null>;
  /** Was the breaker's last event in the history its opening? */
  isBreakerOpen(): Promise<boolean>;
  /** Writes entries about what changed no row, such as refused requests. The leader numbers them. */
  recordEvents(events: NewEvent[]): Promise<void>;
}
