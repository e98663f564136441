import { sql } from 'drizzle-orm';
import { boolean, index, int, mysqlTable, text, uniqueIndex, varchar } from 'drizzle-orm/mysql-core';
import type { Actor } from '../core/history/actor.ts';
import { counter, identifier, jsonText, moment, oneOf } from './connection/columns.ts';

// The history, and the messages to clients that are made from it.

/**
 * Append-only. `id` is the order of arrival. `seq`, assigned by the leader under its fence, is the order that
 * readers rely on: auto-increment ids become visible out of order.
 */
export const events = mysqlTable(
  'events',
  {
    id: counter().autoincrement().primaryKey(),
    seq: counter(),
    type: varchar({ length: 64 }).notNull(),
    at: moment().notNull(),
    rentalId: identifier({ length: 64 }),
    node: identifier({ length: 63 }),
    tenant: identifier({ length: 64 }),
    reason: varchar({ length: 64 }).notNull(),
    message: text().notNull(),
    object: jsonText(),
    /** Who requested it, and from where; null: Orion itself, or a version that did not record it. */
    actor: jsonText().$type<Actor | null>(),
    /**
     * Extracted from the object, so that figures over many entries need not read it: a phase or state, and
     * whether probes fail.
     */
    state: varchar({ length: 16 }).generatedAlwaysAs(
      sql`coalesce(json_value(\`object\`, '$.status.phase'), json_value(\`object\`, '$.status.state'))`,
      { mode: 'stored' },
    ),
    unreachable: boolean().generatedAlwaysAs(
      sql`json_value(\`object\`, '$.status.unreachableSince') is not null`,
      { mode: 'stored' },
    ),
  },
  (table) => [
    uniqueIndex('events_seq').on(table.seq),
    // The index alone holds everything that store/statements/qos.ts reads of a window, far from the objects.
    index('events_qos').on(
      table.at,
      table.type,
      table.state,
      table.unreachable,
      table.rentalId,
      table.node,
      table.tenant,
      table.seq,
    ),
    index('events_rental').on(table.rentalId, table.seq),
    index('events_node').on(table.node, table.seq),
    index('events_type').on(table.type, table.seq),
    index('events_tenant').on(table.tenant, table.seq),
  ],
);

/**
 * The outbox: messages to clients. Each is written in the transaction of its event, and sent from here at least
 * once, in the order of `id` within a rental.
 */
export const webhookDeliveries = mysqlTable(
  'webhook_deliveries',
  {
    id: counter().autoincrement().primaryKey(),
    /** `webhook-id`: how the receiver recognizes a repeated message. */
    messageId: identifier({ length: 64 }).notNull(),
    rentalId: identifier({ length: 64 }).notNull(),
    tenant: identifier({ length: 64 }).notNull(),
    type: varchar({ length: 64 }).notNull(),
    url: text().notNull(),
    body: jsonText().notNull(),
    createdAt: moment().notNull(),
    state: varchar({ length: 16 }).$type<'pending' | 'delivered' | 'dead'>().notNull(),
    attempts: int().notNull().default(0),
    nextAttemptAt: moment(),
    lastError: varchar({ length: 512 }),
    /** No attempts after this: a day after it was written, or after it was requested to be sent again. */
    giveUpAt: moment().notNull(),
    /** When it was delivered or given up. */
    endedAt: moment(),
  },
  (table) => [
    oneOf('webhook_deliveries_state', table.state, ['pending', 'delivered', 'dead']),
    uniqueIndex('webhook_deliveries_message').on(table.messageId),
    index('webhook_deliveries_due').on(table.state, table.nextAttemptAt),
    index('webhook_deliveries_rental').on(table.rentalId, table.id),
    index('webhook_deliveries_tenant').on(table.tenant, table.id),
    index('webhook_deliveries_ended').on(table.endedAt),
  ],
);
