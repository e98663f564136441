import type { Node } from '../core/model/node.ts';
import type { Placement } from '../core/model/rental.ts';
import type { Service } from '../core/ports/placements.ts';
import type { ReconcileStore } from '../core/ports/stores.ts';
import type { LeaseUse } from '../core/scheduling/lease-use.ts';
import { addServices, type Services } from '../core/scheduling/queue.ts';
import { createNodeIndex, type NodeIndex } from './node-index.ts';
import { createRentalIndex, type RentalIndex } from './rental-index.ts';
import { createSharedKeys } from './shared-keys.ts';

/**
 * The leader's copy of the rows, so that a pass over a few due things need not read the whole fleet. The leader
 * is their only writer; what it saves it reads back, what the API writes comes in through dirty rentals, and the
 * resync reads everything again. Each row's version guards against the copy being old.
 */
export interface Fleet {
  nodes: Omit<NodeIndex, 'put' | 'remove'>;
  rentals: Omit<RentalIndex, 'put' | 'remove' | 'noteNode'>;
  /** Which rental the placement binds to which node. Known of open rentals, and of what nodes are not clean of yet. */
  placement(epoch: number): Pick<Placement, 'node' | 'rentalId'> | undefined;
  livePlacement(node: string): Placement | undefined;
  /** Ended placements that the node was not verified clean of. */
  residue(node: string): Placement[];
  /** Another node that has the host key of this one; see shared-keys.ts. */
  rivalOf(node: Node): string | null;
  /** When each tenant was last given each node. */
  services(): Services;
  /** How rentals that ended lately used their leases. */
  leaseUses(): LeaseUse[];
  /** Names of nodes that came, went, or were read again since the last call, with what is placed on them. */
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
  const nodes = createNodeIndex();
  const rentals = createRentalIndex(nodes.get);
  let placements = new Map<string, Placement[]>();
  let byEpoch = new Map<number, Placement>();
  let services = new Map<string, Map<string, number>>();
  let leaseUses: LeaseUse[] = [];
  const changed = new Set<string>();
  let sharedKeys = createSharedKeys();
  // Neither the node nor the rental of a placement ever changes, so an old one is as good.
  const noteEpochs = (noted: Placement[]) => {
    for (const placement of noted) byEpoch.set(placement.epoch, placement);
  };

  const livePlacement = (node: string) => placements.get(node)?.find(({ endedAt }) => endedAt === null);
  const putNode = (node: Node) => {
    const { name } = node.spec;
    nodes.put(node, livePlacement(name) !== undefined);
    changed.add(name);
  };

  return {
    nodes,
    rentals,
    placement: (epoch) => byEpoch.get(epoch),
    livePlacement,
    residue: (node) =>
      (placements.get(node) ?? []).filter(({ endedAt, cleanedAt }) => endedAt !== null && cleanedAt === null),
    rivalOf: (node) => sharedKeys.rivalOf(node),
    services: () => services,
    leaseUses: () => leaseUses,
    takeChanged() {
      const taken = [...changed];
      changed.clear();
      return taken;
    },
    async reload() {
      const [allNodes, openRentals, onNodes, served, uses] = await Promise.all([
        store.listNodes(),
        store.listOpenRentals(),
        store.listPlacementsOnNodes(),
        store.listServices(),
        store.listLeaseUses(),
      ]);
      services = groupByTenant(served);
      leaseUses = uses;
      placements = groupByNode(onNodes);
      const listed = new Set(allNodes.map(({ spec }) => spec.name));
      for (const { spec } of [...nodes.all()]) {
        changed.add(spec.name);
        if (!listed.has(spec.name)) nodes.remove(spec.name);
      }
      for (const node of allNodes) putNode(node);
      sharedKeys = createSharedKeys();
      for (const node of allNodes) sharedKeys.note(node);
      const open = new Set(openRentals.map(({ id }) => id));
      for (const { id } of [...rentals.all()]) if (!open.has(id)) rentals.remove(id);
      for (const rental of openRentals) rentals.put(rental);
      byEpoch = new Map();
      noteEpochs(onNodes);
      for (const rental of openRentals) noteEpochs(rental.placements);
    },
    async refreshNode(name) {
      const [node, onNode] = await Promise.all([store.loadNode(name), store.listPlacementsOnNodes(name)]);
      placements.set(name, onNode);
      if (node) putNode(node);
      else nodes.remove(name);
      rentals.noteNode(name);
      if (node) sharedKeys.note(node);
      else sharedKeys.forget(name);
      changed.add(name);
      noteEpochs(onNode);
    },
    async refreshRental(id) {
      const rental = await store.loadRental(id);
      if (rental) noteEpochs(rental.placements);
      // Also of one that has ended meanwhile, for it was its tenant's turn.
      if (rental) addServices(services, [rental]);
      if (rental && rental.record.endedAt === null) rentals.put(rental);
      else rentals.remove(id);
    },
  };
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
