import { boolean, mysqlTable, varchar } from 'drizzle-orm/mysql-core';
import type { InventoryAnswer } from '../core/model/inventory.ts';
import { counter, identifier, jsonText, moment } from './connection/columns.ts';

// The fleet as a whole: tables of one row.

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
