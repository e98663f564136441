import type { Readiness, Store } from '../core/ports/stores.ts';
import { findStoreError } from './connection/errors.ts';
import type { Pool } from './connection/pool.ts';
import { createControlStore } from './controls.ts';
import { createDeliveryStore } from './deliveries.ts';
import { createEventStore } from './events.ts';
import { createInventoryStore } from './inventories.ts';
import { createLeadershipStore } from './leadership.ts';
import { findSchemaProblem } from './migration/migrate.ts';
import { createNodeStore } from './nodes.ts';
import { createPlacementStore } from './placements.ts';
import { createRentalStore } from './rentals.ts';
import { createSaveStore } from './saves.ts';
import { createSessionStore } from './sessions.ts';
import { createTenantStore } from './tenants.ts';
import { createTokenStore } from './tokens.ts';

/** All ports on one pool; each part of the daemon sees only its own. */
export function createStore(pool: Pool): Store {
  return {
    ...createLeadershipStore(pool),
    ...createSaveStore(pool),
    ...createNodeStore(pool),
    ...createRentalStore(pool),
    ...createPlacementStore(pool),
    ...createEventStore(pool),
    ...createInventoryStore(pool),
    ...createTokenStore(pool),
    ...createSessionStore(pool),
    ...createTenantStore(pool),
    ...createControlStore(pool),
    ...createDeliveryStore(pool),
    checkReady: () => checkReady(pool),
  };
}

const READY_DEADLINE_MS = 2_000;

async function checkReady(pool: Pool): ReturnType<Readiness['checkReady']> {
  try {
    const problem = await pool.withConnection(findSchemaProblem, { statementMs: READY_DEADLINE_MS });
    return problem === null ? { ready: true } : { ready: false, message: problem };
  } catch (thrown) {
    const error = findStoreError(thrown);
    if (error === null) throw thrown;
    return { ready: false, message: `the database can't be used: ${error.message}` };
  }
}
