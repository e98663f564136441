import type { PlacementStore } from '../core/ports/placements.ts';
import type { Pool } from './connection/pool.ts';
import { readOnce } from './connection/transaction.ts';
import {
  listOccupants,
  listPlacementsOfNode,
  listPlacementsOnNodes,
  loadDecision,
} from './statements/placements.ts';
import { listLeaseUses, listServices } from './statements/queue-history.ts';

export function createPlacementStore(pool: Pool): PlacementStore {
  return {
    listPlacementsOnNodes: (node) => readOnce(pool, (connection) => listPlacementsOnNodes(connection, node)),
    listPlacementsOfNode: (node, page) =>
      readOnce(pool, (connection) => listPlacementsOfNode(connection, node, page)),
    listOccupants: (nodes) => readOnce(pool, (connection) => listOccupants(connection, nodes)),
    loadDecision: (epoch) => readOnce(pool, (connection) => loadDecision(connection, epoch)),
    listServices: () => readOnce(pool, listServices),
    listLeaseUses: () => readOnce(pool, listLeaseUses),
  };
}
