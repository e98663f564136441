import type { SessionStore } from '../core/ports/sessions.ts';
import type { Pool } from './connection/pool.ts';
import { readOnce } from './connection/transaction.ts';
import { authenticateSession, createSession, endSession } from './statements/sessions.ts';
import { withEvent } from './with-event.ts';

export function createSessionStore(pool: Pool): SessionStore {
  return {
    createSession: (session, event) =>
      withEvent(pool, event, (connection) => createSession(connection, session)),
    authenticateSession: (hash) => readOnce(pool, (connection) => authenticateSession(connection, hash)),
    async endSession(hash, event) {
      await withEvent(pool, event, (connection) => endSession(connection, hash));
    },
  };
}
