import type { LeadershipStore } from '../../core/ports/leadership.ts';
import type { MemoryDeps } from './transaction.ts';

export function createMemoryLeadership({ tables, nowMs }: MemoryDeps): LeadershipStore {
  const { lease } = tables;
  return {
    async acquire({ holder, durationMs }) {
      if (lease.expiresAtMs > nowMs() && lease.holder !== holder) return null;
      Object.assign(lease, { holder, token: lease.token + 1, expiresAtMs: nowMs() + durationMs });
      return { token: lease.token };
    },
    async renew({ token }, { holder, durationMs }) {
      if (lease.token !== token || lease.holder !== holder) return false;
      lease.expiresAtMs = nowMs() + durationMs;
      return true;
    },
    async release({ token }) {
      if (lease.token === token) Object.assign(lease, { holder: '', expiresAtMs: nowMs() });
    },
  };
}
