import type { NodeStore } from '../core/ports/nodes.ts';
import type { Pool } from './connection/pool.ts';
import { readOnce } from './connection/transaction.ts';
import { listDirtyNodes, listNodes, loadNode, loadNodes, writeRequest } from './statements/nodes.ts';
import { withEvent } from './with-event.ts';

export function createNodeStore(pool: Pool): NodeStore {
  return {
    listDirtyNodes: () => readOnce(pool, listDirtyNodes),
    listNodes: () => readOnce(pool, listNodes),
    loadNode: (name) => readOnce(pool, (connection) => loadNode(connection, name)),
    loadNodes: (names) => readOnce(pool, (connection) => loadNodes(connection, names)),
    writeRequest: (name, request, event) =>
      withEvent(pool, event, (connection) => writeRequest(connection, name, request)),
  };
}
