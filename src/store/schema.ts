import { sql } from 'drizzle-orm';
import { boolean, index, int, mysqlTable, text, uniqueIndex, varchar } from 'drizzle-orm/mysql-core';
import type { Reason } from '../core/failure/reason.ts';
import type { Actor } from '../core/history/actor.ts';
import type { Condition } from '../core/model/condition.ts';
import type { Differences } from '../core/model/differences.ts';
import type { InventoryAnswer } from '../core/model/inventory.ts';
import type { NodeLimits } from '../core/model/limits.ts';
import { NODE_STATES } from '../core/model/node-states.ts';
import {
  type CleaningReport,
  RENTAL_PHASES,
  type RecordedFill,
  type RentalSpec,
} from '../core/model/rental.ts';
import type { PlacementDecision } from '../core/scheduling/placement-decision.ts';
import { counter, identifier, jsonText, moment, oneOf } from './connection/columns.ts';

// Columns are named after the properties, in snake case (`casing`, here and in drizzle.config.ts).
//
// No foreign keys: they would lock the parents of every row that is written (and Galera certifies those), and a
// rental's history has to outlive its node.

/** Three writers, each with columns of its own: the inventory (spec), the API (requests), the reconciler (record). */
export const nodes = mysqlTable(
  'nodes',
  {
    name: identifier({ length: 63 }).primaryKey(),
    host: varchar({ length: 255 }).notNull(),
    port: int().notNull(),
    user: varchar({ length: 64 }).notNull(),
    privateKeyPath: text().notNull(),
    pinnedHostKey: text(),
    clientHost: varchar({ length: 255 }).notNull(),
    clientPort: int().notNull(),
    zone: identifier({ length: 63 }),
    labels: jsonText().$type<Record<string, string>>().notNull(),
    retiring: boolean().notNull().default(false),

    cordoned: boolean().notNull().default(false),
    draining: boolean().notNull().default(false),
    cleanRequested: int().notNull().default(0),
    trustedFingerprint: varchar({ length: 128 }),
    forgetting: boolean().notNull().default(false),
    adoptRequested: int().notNull().default(0),
    acceptRequested: int().notNull().default(0),
    /** What the last such request accepts, why, and who made it. */
    acceptIds: jsonText().$type<readonly string[]>(),
    acceptReason: varchar({ length: 255 }),
    acceptBy: varchar({ length: 128 }),
    acceptAt: moment(),
    /** Why it is cordoned or drained, and who requested it, for whoever finds it so. */
    maintenanceReason: varchar({ length: 255 }),
    maintenanceBy: varchar({ length: 128 }),
    maintenanceAt: moment(),
    /** Grows with each write of the inventory or the API. */
    generation: counter().notNull().default(1),

    status: varchar({ length: 16 }).$type<'alive' | 'dead' | 'unknown'>().notNull(),
    state: varchar({ length: 16 }).$type<(typeof NODE_STATES)[number]>().notNull(),
    stateSince: moment().notNull(),
    hostKey: text(),
    offeredFingerprint: varchar({ length: 128 }),
    conditions: jsonText().$type<Condition[]>().notNull(),
    preparedAt: moment(),
    limits: jsonText().$type<NodeLimits>(),
    verifiedAt: moment(),
    attempt: int().notNull().default(0),
    nextAttemptAt: moment(),
    lastFailedAt: moment(),
    deaths: int().notNull().default(0),
    quarantinedAt: moment(),
    lastCleaningReason: varchar({ length: 64 }).$type<Reason>(),
    /** The machine's boot that answered last; when it first answered after its last restart, and last before it. */
    bootId: varchar({ length: 64 }),
    restartedAt: moment(),
    silentSince: moment(),
    nextUid: int().notNull(),
    cleanSeen: int().notNull().default(0),
    otherFleet: identifier({ length: 32 }),
    adoptSeen: int().notNull().default(0),
    /** What the last verification found that an operator may accept. */
    differences: jsonText().$type<Differences>(),
    acceptSeen: int().notNull().default(0),
    observedGeneration: counter().notNull().default(0),
    resourceVersion: counter().notNull(),

    /** Written in batches, outside the guard of resource_version. */
    lastCheckedAt: moment(),

    /** Something was written since the reconciler's last check. */
    dirty: boolean().generatedAlwaysAs(sql`\`generation\` <> \`observed_generation\``, { mode: 'stored' }),
  },
  (table) => [
    index('nodes_dirty').on(table.dirty),
    oneOf('nodes_status', table.status, ['alive', 'dead', 'unknown']),
    oneOf('nodes_state', table.state, NODE_STATES),
  ],
);

export const rentals = mysqlTable(
  'rentals',
  {
    id: identifier({ length: 64 }).primaryKey(),
    tenant: identifier({ length: 64 }).notNull(),
    name: identifier({ length: 63 }).notNull(),
    account: identifier({ length: 32 }).notNull(),
    createdAt: moment().notNull(),
    idempotencyKey: identifier({ length: 255 }),
    requestHash: identifier({ length: 64 }),

    generation: counter().notNull(),
    renewedAt: moment(),
    releaseRequestedAt: moment(),
    spec: jsonText().$type<RentalSpec>().notNull(),
    /** The API has written since the reconciler's last check. */
    dirty: boolean().notNull(),

    phase: varchar({ length: 16 }).$type<(typeof RENTAL_PHASES)[number]>().notNull(),
    observedGeneration: counter().notNull(),
    conditions: jsonText().$type<Condition[]>().notNull(),
    expiresAt: moment(),
    queuePosition: int(),
    /** When a waiting rental may expect a node, estimated from lease ends and history; null: no estimate. */
    queueEstimateAt: moment(),
    lostAt: moment(),
    /** The shortest lead time, in milliseconds, at which the client was notified of the end; null: not yet. */
    toldBeforeEndMs: int(),
    /** The last time within the hour that its account filled its node's listener. */
    listenerFill: jsonText().$type<RecordedFill>(),
    endedAt: moment(),
    resourceVersion: counter().notNull(),

    /** Part of the unique key only while the rental lives: NULLs never collide. */
    liveName: identifier({ length: 63 }).generatedAlwaysAs(sql`if(\`ended_at\` is null, \`name\`, null)`, {
      mode: 'stored',
    }),
  },
  (table) => [
    oneOf('rentals_phase', table.phase, RENTAL_PHASES),
    uniqueIndex('rentals_live_name').on(table.tenant, table.liveName),
    uniqueIndex('rentals_idempotency_key').on(table.tenant, table.idempotencyKey),
    index('rentals_dirty').on(table.dirty),
    index('rentals_ended').on(table.endedAt),
    index('rentals_page').on(table.tenant, table.createdAt, table.id),
    index('rentals_page_all').on(table.createdAt, table.id),
  ],
);

/** Makes double allocation impossible, whatever the code does: one live placement per node. */
export const placements = mysqlTable(
  'placements',
  {
    /** The fence number of the save that created it, never an auto-increment number. */
    epoch: counter().primaryKey(),
    rentalId: identifier({ length: 64 }).notNull(),
    node: identifier({ length: 63 }).notNull(),
    role: varchar({ length: 16 }).$type<'serving' | 'incoming'>().notNull(),
    account: identifier({ length: 32 }).notNull(),
    uid: int().notNull(),
    startedAt: moment().notNull(),
    readyAt: moment(),
    appliedKey: text(),
    /** The lease end last given to the node itself, so that access ends there even if everyone else is down. */
    appliedExpiresAt: moment(),
    endedAt: moment(),
    endReason: varchar({ length: 64 }),
    cleanedAt: moment(),
    /** Why this node, and which others were passed over: written once, and read only on request. */
    decision: jsonText().$type<PlacementDecision | null>(),
    /** What the attempts to clean the node of it reported. */
    report: jsonText().$type<CleaningReport | null>(),

    liveNode: identifier({ length: 63 }).generatedAlwaysAs(sql`if(\`ended_at\` is null, \`node\`, null)`, {
      mode: 'stored',
    }),
    liveRentalRole: identifier({ length: 81 }).generatedAlwaysAs(
      sql`if(\`ended_at\` is null, concat(\`rental_id\`, '/', \`role\`), null)`,
      { mode: 'stored' },
    ),
  },
  (table) => [
    oneOf('placements_role', table.role, ['serving', 'incoming']),
    uniqueIndex('placements_live_node').on(table.liveNode),
    uniqueIndex('placements_live_rental_role').on(table.liveRentalRole),
    index('placements_rental').on(table.rentalId, table.epoch),
    index('placements_node').on(table.node, table.cleanedAt),
    index('placements_cleaned').on(table.cleanedAt),
  ],
);

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

/** One row, `leader`. Its times are the database's, so that no other clock can lengthen or shorten leadership. */
export const leases = mysqlTable('leases', {
  name: identifier({ length: 32 }).primaryKey(),
  holder: identifier({ length: 255 }).notNull(),
  /** Grows with each acquisition. */
  token: counter().notNull(),
  /** Grows with each write of the leader: fence numbers and event numbers come from it. */
  seq: counter().notNull(),
  expiresAt: moment().notNull(),
});

/** One row, `fleet`. Its id, also kept beside the control key and on each node, distinguishes this fleet. */
export const fleets = mysqlTable('fleets', {
  name: identifier({ length: 32 }).primaryKey(),
  id: identifier({ length: 32 }).notNull(),
  createdAt: moment().notNull(),
});

/**
 * One row, `fleet`: the inventory that the fleet is made of, and what an operator requested of it. The API writes
 * the request, the leader the answer.
 */
export const inventories = mysqlTable('inventories', {
  name: identifier({ length: 32 }).primaryKey(),
  /** Grows with each request to read the file again. */
  requested: counter().notNull().default(0),
  /** SHA-256 of the file that the operator saw; null: whatever the leader finds. */
  requestedSha256: identifier({ length: 64 }),
  requestedForce: boolean().notNull().default(false),
  requestedBy: varchar({ length: 64 }),

  /** The last request that was answered, and the answer. */
  answered: counter().notNull().default(0),
  answer: jsonText().$type<InventoryAnswer | null>(),
  appliedSha256: identifier({ length: 64 }),
  appliedAt: moment(),
});

/**
 * One row, `fleet`: what operators requested of the reconciler as a whole. The API writes it; the leader writes
 * only what it has used (`…Used`).
 */
export const controls = mysqlTable('controls', {
  name: identifier({ length: 32 }).primaryKey(),
  paused: boolean().notNull().default(false),
  pausedReason: varchar({ length: 255 }),
  pausedBy: varchar({ length: 128 }),
  pausedAt: moment(),
  /** Grows with each request to move rentals once although the breaker is open. */
  overrideRequested: counter().notNull().default(0),
  overrideReason: varchar({ length: 255 }),
  overrideBy: varchar({ length: 128 }),
  overrideAt: moment(),
  /** The last such request that a leader has used. */
  overrideUsed: counter().notNull().default(0),
});

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
