import type { EventStore } from '../core/ports/events.ts';
import type { Pool } from './connection/pool.ts';
import { inSnapshot, inTransaction, readOnce } from './connection/transaction.ts';
import * as statements from './statements/events.ts';
import { loadQosHistory } from './statements/qos.ts';

export function createEventStore(pool: Pool): EventStore {
  return {
    listEvents: (tenant, filter) =>
      readOnce(pool, (connection) => statements.listEvents(connection, tenant, filter)),
    listRecentEvents: (tenant, filter) =>
      readOnce(pool, (connection) => statements.listRecentEvents(connection, tenant, filter)),
    lastEventSeq: () => readOnce(pool, statements.lastEventSeq),
    firstEventSeq: () => readOnce(pool, statements.firstEventSeq),
    loadQosHistory: (asked) => inSnapshot(pool, (connection) => loadQosHistory(connection, asked)),
    isBreakerOpen: () => readOnce(pool, statements.isBreakerOpen),
    recordEvents: (events) =>
      inTransaction(pool, (connection) => statements.recordEvents(connection, events)),
  };
}
