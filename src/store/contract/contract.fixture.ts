import type { Leadership } from '../../core/ports/leadership.ts';
import type { Store } from '../../core/ports/stores.ts';

/** The leader in each test. */
export const lease = { holder: 'first', durationMs: 60_000 };

/** Set before each test: a new store and its leader. MariaDB's and the simulation's pass the same tests. */
export interface ContractBench {
  store: Store;
  leader: Leadership;
}
