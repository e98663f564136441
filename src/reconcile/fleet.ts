import type { Node, NodeSpec } from '../core/model/node.ts';
import type { Placement } from '../core/model/rental.ts';
import type { ReconcileStore, Service } from '../core/ports/stores.ts';
import type { LeaseUse } from '../core/scheduling/lease-use.ts';
import { addServices, type Services } from '../core/scheduling/queue.ts';
import { createRentalIndex, type RentalIndex } from './rental-index.ts';
import { createSharedKeys } from './shared-keys.ts';

/**
 * The leader's copy of the rows, so that a pass over a few due things need not read the whole fleet. The leader
 * is their only writer; what it saves it reads back, what the API writes comes in through dirty rentals, and the
 * resync reads everything again. Each row's version guards against the copy being old.
 */
export interface Fleet {
  nodes(): Node[];
  node(name: string): Node | undefined;
  rentals: Omit<RentalIndex, 'put' | 'remove' | 'noteNode'>;
  /** Which rental the placement binds to which node. Known of open rentals, and of what nodes are not clean of yet. */
  placement(epoch: number): Pick<Placement, 'node' | 'rentalId'> | undefined;
  livePlacement(node: string): Placement | undefined;
  /** Grows whenever another selector may match than before: with each node that comes, leaves, or is described anew. */
  shapeVersion(): number;
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

export function createFleet(store: ReconcileStore): Fleet {
  let nodes = new Map<string, Node>();
  const nodeOf = (name: string) => nodes.get(name);
  const rentals = createRentalIndex(nodeOf);
  let placements = new Map<string, Placement[]>();
  let byEpoch = new Map<number, Placement>();
  let services = new Map<string, Map<string, number>>();
  let leaseUses: LeaseUse[] = [];
  let shapeVersion = 0;
  const changed = new Set<string>();
  let sharedKeys = createSharedKeys();
  // Neither the node nor the rental of a placement ever changes, so an old one is as good.
  const noteEpochs = (noted: Placement[]) => {
    for (const placement of noted) byEpoch.set(placement.epoch, placement);
  };

  return {
    nodes: () => [...nodes.values()],
    node: nodeOf,
    rentals,
    placement: (epoch) => byEpoch.get(epoch),
    livePlacement: (node) => placements.get(node)?.find(({ endedAt }) => endedAt === null),
    shapeVersion: () => shapeVersion,
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
      const isSameShape =
        allNodes.length === nodes.size &&
        allNodes.every(({ spec }) => hasSameShape(nodes.get(spec.name)?.spec, spec));
      if (!isSameShape) shapeVersion++;
      for (const { spec } of [...nodes.values(), ...allNodes]) changed.add(spec.name);
      nodes = new Map(allNodes.map((node) => [node.spec.name, node]));
      sharedKeys = createSharedKeys();
      for (const node of allNodes) sharedKeys.note(node);
      const open = new Set(openRentals.map(({ id }) => id));
      for (const { id } of [...rentals.all()]) if (!open.has(id)) rentals.remove(id);
      for (const rental of openRentals) rentals.put(rental);
      placements = groupByNode(onNodes);
      byEpoch = new Map();
      noteEpochs(onNodes);
      for (const rental of openRentals) noteEpochs(rental.placements);
    },
    async refreshNode(name) {
      const [node, onNode] = await Promise.all([store.loadNode(name), store.listPlacementsOnNodes(name)]);
      if (!hasSameShape(nodes.get(name)?.spec, node?.spec)) shapeVersion++;
      if (node) nodes.set(name, node);
      else nodes.delete(name);
      rentals.noteNode(name);
      if (node) sharedKeys.note(node);
      else sharedKeys.forget(name);
      placements.set(name, onNode);
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

/** All that a selector asks for (core/scheduling/placement.ts). */
function hasSameShape(a: NodeSpec | undefined, b: NodeSpec | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const keys = Object.keys(a.labels);
  return (
    a.zone === b.zone &&
    a.retiring === b.retiring &&
    keys.length === Object.keys(b.labels).length &&
    keys.every((key) => a.labels[key] === b.labels[key])
  );
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
