import type { Node } from '../core/model/node.ts';
import type { Placement } from '../core/model/rental.ts';
import type { Service } from '../core/ports/placements.ts';
import type { ReconcileStore } from '../core/ports/stores.ts';
import type { LeaseUse } from '../core/scheduling/lease-use.ts';
import { addServices, type Services } from '../core/scheduling/queue.ts';
import { createPlacementIndex } from './placement-index.ts';
import { createRentalIndex, type RentalIndex } from './rental-index.ts';
import { createSharedKeys, type SharedKeys } from './shared-keys.ts';

/**
 * The leader's copy of the rows, so that a pass over a few due things need not read the whole fleet. Only the leader
 * changes records, and it reads back what it saves. What the API and the inventory write comes in through dirty rows,
 * and the resync reads everything again. Each row's version guards against a stale copy.
 */
export interface Fleet {
  nodes: { all(): Iterable<Node>; get(name: string): Node | undefined };
  rentals: Omit<RentalIndex, 'put' | 'remove' | 'replaceAll' | 'noteNode'>;
  /** The placement's node and rental. Known for open rentals, and for placements that a node is not clean of yet. */
  placement(epoch: number): Pick<Placement, 'node' | 'rentalId'> | undefined;
  livePlacement(node: string): Placement | undefined;
  /** Ended placements that the node has not been verified clean of. */
  residue(node: string): Placement[];
  sharedKeys: Pick<SharedKeys, 'rivalOf' | 'holdersOf'>;
  /** When each tenant was last given each node. */
  services(): Services;
  /** How rentals that ended lately used their leases. */
  leaseUses(): LeaseUse[];
  /** Names of nodes that were added, removed, or re-read with their placements since the last call. */
  takeChanged(): string[];
  /** Reads everything again. */
  reload(): Promise<void>;
  refreshNode(name: string): Promise<void>;
  refreshRental(id: string): Promise<void>;
}

/** What the copy is read with. */
export type FleetStore = Pick<
  ReconcileStore,
  | 'listNodes'
  | 'loadNode'
  | 'listOpenRentals'
  | 'loadRental'
  | 'listPlacementsOnNodes'
  | 'listServices'
  | 'listLeaseUses'
>;

export function createFleet(store: FleetStore): Fleet {
  const nodes = new Map<string, Node>();
  const nodeOf = (name: string) => nodes.get(name);
  const rentals = createRentalIndex(nodeOf);
  const placements = createPlacementIndex();
  let services = new Map<string, Map<string, number>>();
  let leaseUses: LeaseUse[] = [];
  const changed = new Set<string>();
  const sharedKeys = createSharedKeys();

  const setNode = (name: string, node: Node | null) => {
    if (node) nodes.set(name, node);
    else nodes.delete(name);
    changed.add(name);
    // A node that holds a key which this one shows, or has shown, may have gained or lost a rival.
    for (const holder of sharedKeys.note(name, node)) changed.add(holder);
  };

  return {
    nodes: { all: () => nodes.values(), get: nodeOf },
    rentals,
    sharedKeys,
    placement: placements.get,
    livePlacement: placements.live,
    residue: placements.residue,
    services: () => services,
    leaseUses: () => leaseUses,
    takeChanged() {
      const taken = [...changed];
      changed.clear();
      return taken;
    },
    async reload() {
      const [allNodes, openRentals, onNodes, served, uses] = await readAll(store);
      services = groupByTenant(served);
      leaseUses = uses;
      placements.clear();
      for (const [name, onNode] of groupByNode(onNodes)) placements.set(name, onNode);
      const listed = new Set(allNodes.map(({ spec }) => spec.name));
      for (const name of [...nodes.keys()]) if (!listed.has(name)) setNode(name, null);
      for (const node of allNodes) setNode(node.spec.name, node);
      rentals.replaceAll(openRentals);
      for (const rental of openRentals) placements.note(rental.placements);
    },
    async refreshNode(name) {
      const [node, onNode] = await Promise.all([store.loadNode(name), store.listPlacementsOnNodes(name)]);
      placements.set(name, onNode);
      setNode(name, node);
      rentals.noteNode(name);
    },
    async refreshRental(id) {
      const rental = await store.loadRental(id);
      if (rental) placements.note(rental.placements);
      // Also for a rental that has ended meanwhile, since it used up a turn of its tenant.
      if (rental) addServices(services, [rental]);
      if (rental && rental.record.endedAt === null) rentals.put(rental);
      else rentals.remove(id);
    },
  };
}

async function readAll(store: FleetStore) {
  return await Promise.all([
    store.listNodes(),
    store.listOpenRentals(),
    store.listPlacementsOnNodes(),
    store.listServices(),
    store.listLeaseUses(),
  ]);
}

function groupByNode(placements: Placement[]): Map<string, Placement[]> {
  const groups = new Map<string, Placement[]>();
  for (const placement of placements) {
    const group = groups.get(placement.node);
    if (group) group.push(placement);
    else groups.set(placement.node, [placement]);
  }
  return groups;
}

function groupByTenant(served: Service[]): Map<string, Map<string, number>> {
  const services = new Map<string, Map<string, number>>();
  for (const { tenant, node, at } of served) {
    const nodes = services.get(tenant) ?? new Map<string, number>();
    services.set(tenant, nodes.set(node, at.getTime()));
  }
  return services;
}
