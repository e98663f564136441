import type { NewEvent } from '../../core/history/event.ts';
import type { SessionStore } from '../../core/ports/sessions.ts';
import type { TokenView } from '../../core/ports/stores.ts';

const SESSIONS_PER_TOKEN = 20;

/** Sessions in memory, with the same guarantees as those in the database. */
export function createMemorySessions(
  tokens: ReadonlyMap<string, TokenView>,
  now: () => Date,
  write: (event: NewEvent) => void,
): SessionStore {
  const sessions = new Map<string, Parameters<SessionStore['createSession']>[0]>();
  return {
    async createSession(session, event) {
      for (const [hash, { expiresAt }] of sessions) if (expiresAt <= now()) sessions.delete(hash);
      const older = [...sessions.values()].filter(({ tokenId }) => tokenId === session.tokenId);
      const kept = older.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
      for (const { hash } of kept.slice(SESSIONS_PER_TOKEN - 1)) sessions.delete(hash);
      sessions.set(session.hash, session);
      if (event) write(event);
    },
    async authenticateSession(hash) {
      const session = sessions.get(hash);
      const token = session && tokens.get(session.tokenId);
      if (!token || session.expiresAt <= now() || token.revokedAt !== null) return null;
      if (token.expiresAt !== null && token.expiresAt <= now()) return null;
      const { id, name, tenant, role } = token;
      return { tokenId: id, tokenName: name, tenant, role, expiresAt: session.expiresAt };
    },
    async endSession(hash, event) {
      if (sessions.delete(hash) && event) write(event);
    },
  };
}
