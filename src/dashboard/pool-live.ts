import { pauseMs } from './backoff.ts';
import { call } from './call.ts';
import { createValue } from './observable.ts';
import type { PoolState } from './pool-state.ts';
import { isAdmin } from './session.ts';

/** What is true of the fleet as a whole; null for tenants, and before it was read. */
export const pool = createValue<PoolState | null>(null);

/** Answers may come in another order than they were asked for; only the last one counts. */
let asked = 0;

/** What a write was answered with. */
export function putPool(state: PoolState | null): void {
  asked++;
  pool.set(state);
}

/** Reads it anew, until that was done or it is asked for again: a pause that nobody sees is worse than one call more. */
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
