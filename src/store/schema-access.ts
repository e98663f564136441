import { double, index, int, mysqlTable, uniqueIndex, varchar } from 'drizzle-orm/mysql-core';
import { counter, identifier, moment, oneOf } from './connection/columns.ts';

// Who may ask, and for how much.

export const apiTokens = mysqlTable(
  'api_tokens',
  {
    id: identifier({ length: 64 }).primaryKey(),
    name: varchar({ length: 255 }),
    /** SHA-256 of the secret, in hex: the secret itself is nowhere. */
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

/** Limits of a tenant; a tenant without a row, and a limit that is null, has none. */
export const tenants = mysqlTable('tenants', {
  name: identifier({ length: 64 }).primaryKey(),
  /** Rentals that have not ended. */
  maxRentals: int(),
  maxTtlMs: counter(),
  requestsPerMinute: int(),
  maxWaits: int(),
  maxWatches: int(),
  /** Grows with each rental that is made under a quota: who makes one writes the row, so no two are at it at once. */
  rentalsMade: counter().notNull().default(0),
  /** The token bucket of `requestsPerMinute`, one for all replicas; by database time. */
  bucketTokens: double(),
  bucketAt: moment(),
  /** Grows when the tenant asks for another webhook secret. */
  webhookSecretVersion: int().notNull().default(1),
  /** When it last did: for a day, messages are signed with the former secret, too. */
  webhookRotatedAt: moment(),
  /** When limits were last set; null: never, the row is there for what else is kept of the tenant. */
  updatedAt: moment(),
});

/** Somebody who signed in at the dashboard: ends with the token that was shown, if not before. */
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
