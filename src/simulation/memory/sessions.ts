import { SESSIONS_PER_TOKEN, type SessionStore } from '../../core/ports/sessions.ts';
import { isValid } from './tokens.ts';
import { type MemoryDeps, write } from './transaction.ts';

export function createMemorySessions(deps: MemoryDeps): SessionStore {
  const { tables, nowMs } = deps;
  const { sessions, tokens } = tables;
  const isOver = ({ expiresAt }: { expiresAt: Date }) => expiresAt.getTime() <= nowMs();
  return {
    async createSession(session, event) {
      const older = [...sessions.values()].filter(({ tokenId }) => tokenId === session.tokenId);
      older.sort((a, b) => Number(b.createdAt) - Number(a.createdAt));
      const gone = [...[...sessions.values()].filter(isOver), ...older.slice(SESSIONS_PER_TOKEN - 1)];
      write(deps, event ? [event] : [], () => {
        for (const { hash } of gone) sessions.delete(hash);
        sessions.set(session.hash, session);
        return true;
      });
    },
    async authenticateSession(hash) {
      const session = sessions.get(hash);
      const token = session && tokens.get(session.tokenId);
      if (!token || isOver(session) || !isValid(token, nowMs())) return null;
      const { id, name, tenant, role } = token;
      return { tokenId: id, tokenName: name, tenant, role, expiresAt: session.expiresAt };
    },
    async endSession(hash, event) {
      write(deps, event ? [event] : [], () => sessions.delete(hash));
    },
  };
}
