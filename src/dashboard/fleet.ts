import type { RentalView } from '../core/view/rental-view.ts';
import { type AnyNode, isFullView, lookOf, type NodeLook } from './node-look.ts';
import { labelsText } from './words.ts';

/** A node with its look and its rental. */
export interface FleetNode {
  node: AnyNode;
  look: NodeLook;
  rental: RentalView | null;
}

export interface ZoneGroup {
  zone: string | null;
  nodes: FleetNode[];
  free: number;
}

/** Nodes with their looks, sorted by name. Numbers in names sort as numbers. */
export function describeFleet(
  nodes: Iterable<AnyNode>,
  rentals: ReadonlyMap<string, RentalView>,
): FleetNode[] {
  const byNode = new Map<string, RentalView>();
  for (const rental of rentals.values()) {
    if (rental.status.node !== null) byNode.set(rental.status.node, rental);
  }
  const described = [...nodes].map((node) => {
    const id = isFullView(node) ? node.status.rental : null;
    const rental = (id === null ? undefined : rentals.get(id)) ?? byNode.get(node.name) ?? null;
    return { node, look: lookOf(node, rental), rental };
  });
  return described.sort((a, b) => compareNames(a.node.name, b.node.name));
}

const collator = new Intl.Collator('en', { numeric: true });
export function compareNames(a: string, b: string): number {
  return collator.compare(a, b);
}

/** The number of nodes per word. Words that no node has are left out. */
export function countWords(fleet: FleetNode[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { look } of fleet) counts.set(look.word, (counts.get(look.word) ?? 0) + 1);
  return counts;
}

export interface FleetFilter {
  /** Each of its words must occur somewhere in what is known of the node. */
  text: string;
  /** The word of a look; empty: any. */
  word: string;
  zone: string;
}

export function filterFleet(fleet: FleetNode[], { text, word, zone }: FleetFilter): FleetNode[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return fleet.filter(
    (entry) =>
      (word === '' || entry.look.word === word) &&
      (zone === '' || entry.node.spec.zone === zone) &&
      (wanted.length === 0 || wanted.every((each) => searchText(entry).includes(each))),
  );
}

function searchText({ node, look, rental }: FleetNode): string {
  const { zone, labels } = node.spec;
  const about = rental ? [rental.id, rental.name, rental.tenant] : [];
  const parts = [node.name, zone ?? '', look.word, ...look.marks, look.trouble ?? '', ...labelsText(labels)];
  return [...parts, ...about].join(' ').toLowerCase();
}

/** Nodes by zone, those without one last. `byUrgency`: the most urgent first, for when not all can be shown. */
export function groupByZone(fleet: FleetNode[], byUrgency: boolean): ZoneGroup[] {
  const groups = new Map<string | null, FleetNode[]>();
  for (const entry of fleet) {
    const { zone } = entry.node.spec;
    const group = groups.get(zone);
    if (group) group.push(entry);
    else groups.set(zone, [entry]);
  }
  return [...groups]
    .toSorted(([a], [b]) => (a === null ? 1 : b === null ? -1 : compareNames(a, b)))
    .map(([zone, nodes]) => ({
      zone,
      nodes: byUrgency ? nodes.toSorted((a, b) => a.look.urgency - b.look.urgency) : nodes,
      free: nodes.filter(({ look }) => look.word === 'Free' && look.marks.length === 0).length,
    }));
}

export function listZones(fleet: FleetNode[]): string[] {
  const zones = new Set(fleet.flatMap(({ node }) => (node.spec.zone === null ? [] : [node.spec.zone])));
  return [...zones].toSorted(compareNames);
}

/** Every `key=value` that some node has. */
export function listLabels(fleet: FleetNode[]): string[] {
  return [...new Set(fleet.flatMap(({ node }) => labelsText(node.spec.labels)))].toSorted(compareNames);
}
