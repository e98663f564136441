import { double, index, int, mysqlTable, uniqueIndex, varchar } from 'drizzle-orm/mysql-core';
import { counter, identifier, moment, oneOf } from './connection/columns.ts';

// Who may call the API, and how much.

export const apiTokens = mysqlTable(
  'api_tokens',
  {
    id: identifier({ length: 64 }).primaryKey(),
    name: varchar({ length: 255 }),
    /** SHA-256 of the secret, in hex: the secret itself is stored nowhere. */
    hash: identifier({ length: 64 }).notNull(),
    tenant: identifier({ length: 64 }).notNull(),
    role: varchar({ length: 16 }).$type<'tenant' | 'admin'>().notNull(),
    createdAt: moment().notNull(),
    expiresAt: moment(),
    revokedAt: moment(),
  },
  (table) => [
    oneOf('api_tokens_role', table.role, ['tenant', 'admin']),
    uniqueIndex('api_tokens_hash').on(table.hash),
  ],
);

/** A tenant's limits. Without a row, or where a limit is null, the default holds. */
export const tenants = mysqlTable('tenants', {
  name: identifier({ length: 64 }).primaryKey(),
  /** Rentals that have not ended. */
  maxRentals: int(),
  maxTtlMs: counter(),
  requestsPerMinute: int(),
  maxWaits: int(),
  maxWatches: int(),
  /** Grows with each rental created under a quota. Creating one writes the row, so no two are created at once. */
  rentalsMade: counter().notNull().default(0),
  /** The token bucket of `requestsPerMinute`, one for all replicas; by database time. */
  bucketTokens: double(),
  bucketAt: moment(),
  /** Grows when the tenant requests another webhook secret. */
  webhookSecretVersion: int().notNull().default(1),
  /** The last time it grew. For a day after, messages are also signed with the former secret. */
  webhookRotatedAt: moment(),
  /** When limits were last set; null: never, and the row is there for the tenant's other data. */
  updatedAt: moment(),
});

/** A sign-in at the dashboard. It ends with the token that was shown, if not before. */
export const sessions = mysqlTable(
  'sessions',
  {
    /** SHA-256 of the cookie's secret, in hex. */
    hash: identifier({ length: 64 }).primaryKey(),
    tokenId: identifier({ length: 64 }).notNull(),
    createdAt: moment().notNull(),
    expiresAt: moment().notNull(),
  },
  (table) => [index('sessions_token').on(table.tokenId), index('sessions_expires').on(table.expiresAt)],
);
