import { pauseMs } from '../client/protocol/backoff.ts';
import { call } from './call.ts';
import { createValue } from './observable.ts';
import type { PoolState } from './pool-state.ts';
import { isAdmin } from './session.ts';

/** The state of the fleet as a whole; null for tenants, and before the first load. */
export const pool = createValue<PoolState | null>(null);

/** Answers may arrive out of order; only the answer to the last request counts. */
let asked = 0;

export function putPool(state: PoolState | null): void {
  asked++;
  pool.set(state);
}

/** Takes the state that a write returns, unless it was requested anew meanwhile: that answer may be the newer one. */
export async function writePool(write: () => Promise<PoolState>): Promise<void> {
  const before = asked;
  const state = await write();
  if (asked === before) putPool(state);
}

/** Loads the state, with retries until a newer request replaces it: an unseen pause is worse than extra calls. */
export async function refreshPool(signal: AbortSignal): Promise<void> {
  if (!isAdmin()) return;
  asked++;
  const mine = asked;
  for (let tries = 1; mine === asked && !signal.aborted; tries++) {
    try {
      const state = await call<PoolState>('GET', '/api/pool', undefined, { signal });
      if (mine === asked) pool.set(state);
      return;
    } catch {
      await new Promise((done) => setTimeout(done, pauseMs(tries, Math.random())));
    }
  }
}
