import { sql } from 'drizzle-orm';
import { boolean, index, int, mysqlTable, text, uniqueIndex, varchar } from 'drizzle-orm/mysql-core';
import type { Reason } from '../core/failure/reason.ts';
import type { Condition } from '../core/model/condition.ts';
import type { Differences } from '../core/model/differences.ts';
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
    unreachableSince: moment(),
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
