import type { ControlStore } from '../core/ports/controls.ts';
import type { Pool } from './connection/pool.ts';
import { readOnce } from './connection/transaction.ts';
import { loadControls, writeControl } from './statements/controls.ts';
import { withEvent } from './with-event.ts';

export function createControlStore(pool: Pool): ControlStore {
  return {
    loadControls: () => readOnce(pool, loadControls),
    writeControl: (request, event) =>
      withEvent(pool, event, (connection) => writeControl(connection, request)),
  };
}
