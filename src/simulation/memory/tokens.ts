import type { TokenStore, TokenView } from '../../core/ports/tokens.ts';
import { type MemoryDeps, write } from './transaction.ts';

export function createMemoryTokens(deps: MemoryDeps): TokenStore {
  const { tables, nowMs } = deps;
  const { tokens } = tables;
  return {
    async authenticate(hash) {
      const token = [...tokens.values()].find((candidate) => candidate.hash === hash);
      if (!token || !isValid(token, nowMs())) return null;
      return { tokenId: token.id, tokenName: token.name, tenant: token.tenant, role: token.role };
    },
    async createToken(token, event) {
      write(deps, event ? [event] : [], () => {
        tokens.set(token.id, { ...token, revokedAt: null });
        return true;
      });
    },
    async listTokens() {
      const views = [...tokens.values()].map(({ hash: _secret, ...view }) => view);
      return views.sort((a, b) => Number(a.createdAt) - Number(b.createdAt) || (a.id < b.id ? -1 : 1));
    },
    async revokeToken(id, at, event) {
      return write(deps, event ? [event] : [], () => {
        const token = tokens.get(id);
        if (!token || token.revokedAt !== null) return false;
        tokens.set(id, { ...token, revokedAt: at });
        return true;
      });
    },
  };
}

export function isValid({ revokedAt, expiresAt }: TokenView, nowMs: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt.getTime() > nowMs);
}
