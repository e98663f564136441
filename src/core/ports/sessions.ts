import type { NewEvent } from '../history/event.ts';
import type { Principal } from './tokens.ts';

/** Somebody who signed in with a token, and stays signed in by a cookie. */
export interface SignedIn extends Principal {
  /** When the session ends by itself; it ends earlier with its token. */
  expiresAt: Date;
}

export interface NewSession {
  hash: string;
  tokenId: string;
  createdAt: Date;
  expiresAt: Date;
}

/** Concurrent sign-ins with one token; one more ends the oldest. */
export const SESSIONS_PER_TOKEN = 20;

/** Sessions of the dashboard. Only hashes of their secrets are known here. */
export interface SessionStore {
  /** Also deletes expired sessions, and this token's oldest ones beyond a limit. */
  createSession(session: NewSession, event?: NewEvent): Promise<void>;
  /** Null when it is unknown or expired, or when its token was revoked or has expired. */
  authenticateSession(hash: string): Promise<SignedIn | null>;
  /** Ending a session that does not exist is no error, and writes no event. */
  endSession(hash: string, event?: NewEvent): Promise<void>;
}
