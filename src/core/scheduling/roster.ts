import type { Reason } from '../failure/reason.ts';
import { isLendable } from '../model/node-states.ts';
import type { Selector } from '../model/rental.ts';
import { type Candidate, matches, type Offer, whyNotNow } from './placement.ts';
import { type Shape, shapeKeyOf } from './shape.ts';

/**
 * All nodes of the fleet as placement sees them, updated node by node. So the cost of a choice grows with the nodes
 * that can be chosen, not with the fleet.
 */
export interface Roster {
  /** Updates one node; null: it has left the fleet. */
  note(name: string, candidate: Candidate | null): void;
  offer(): Offer;
  /** Names of nodes by the reason why a rental with this selector can't have them now; null: it can. */
  groupFor(selector: Selector): Map<Reason | null, ReadonlySet<string>[]>;
  /** Grows whenever the selectors that can match may have changed. */
  shapeVersion(): number;
}

/** Nodes with the same zone and labels. */
interface Group {
  key: string;
  shape: Shape;
  byReason: Map<Reason | null, Set<string>>;
}

interface Entry {
  candidate: Candidate;
  reason: Reason | null;
  group: Group;
}

export function createRoster(candidates: Candidate[] = []): Roster {
  const entries = new Map<string, Entry>();
  const usable = new Set<string>();
  const undecided = new Set<string>();
  const groups = new Map<string, Group>();
  const occupancy = new Map<string | null, number>();
  let shapeVersion = 0;
  const list = (names: Iterable<string>) => [...names].flatMap((name) => entries.get(name)?.candidate ?? []);

  function groupOf({ node: { spec } }: Candidate): Group {
    const key = shapeKeyOf(spec);
    const known = groups.get(key);
    if (known) return known;
    const shape = { spec: { zone: spec.zone, labels: spec.labels }, count: 0 };
    const group = { key, shape, byReason: new Map() };
    groups.set(key, group);
    return group;
  }

  function count({ candidate: { node, occupied }, group: { shape } }: Entry, by: 1 | -1): void {
    const { zone, retiring } = node.spec;
    if (!retiring) {
      shape.count += by;
      // The first of its kind came, or the last one left.
      if (shape.count === (by === 1 ? 1 : 0)) shapeVersion++;
    }
    if (occupied) occupancy.set(zone, (occupancy.get(zone) ?? 0) + by);
    if (occupancy.get(zone) === 0) occupancy.delete(zone);
  }

  function add(name: string, entry: Entry): void {
    const { candidate, reason, group } = entry;
    entries.set(name, entry);
    count(entry, 1);
    const names = group.byReason.get(reason);
    if (names) names.add(name);
    else group.byReason.set(reason, new Set([name]));
    if (reason === null) usable.add(name);
    if (isUndecided(candidate)) undecided.add(name);
  }

  function remove(name: string, entry: Entry): void {
    const { reason, group } = entry;
    entries.delete(name);
    count(entry, -1);
    const names = group.byReason.get(reason);
    if (names?.delete(name) && names.size === 0) group.byReason.delete(reason);
    usable.delete(name);
    undecided.delete(name);
  }

  function note(name: string, candidate: Candidate | null): void {
    const before = shapeVersion;
    const old = entries.get(name);
    const group = candidate && groupOf(candidate);
    if (old) remove(name, old);
    if (candidate && group) add(name, { candidate, reason: whyNotNow(candidate), group });
    if (old?.group.byReason.size === 0) groups.delete(old.group.key);
    const isRetiring = candidate?.node.spec.retiring;
    if (old && old.group === group && old.candidate.node.spec.retiring === isRetiring) shapeVersion = before;
  }

  for (const candidate of candidates) note(candidate.node.spec.name, candidate);
  return {
    note,
    offer: () => ({
      usable: list(usable),
      undecided: list(undecided),
      shapes: [...groups.values()].flatMap(({ shape }) => (shape.count > 0 ? [shape] : [])),
      occupancy,
    }),
    groupFor(selector) {
      const found = new Map<Reason | null, ReadonlySet<string>[]>();
      for (const { shape, byReason } of groups.values()) {
        const isMatch = matches(selector, shape);
        for (const [reason, names] of byReason) {
          const shown = isMatch || reason === 'Retiring' ? reason : 'NotMatching';
          const sets = found.get(shown);
          if (sets) sets.push(names);
          else found.set(shown, [names]);
        }
      }
      return found;
    },
    shapeVersion: () => shapeVersion,
  };
}

function isUndecided({ node, health, occupied }: Candidate): boolean {
  const { cordoned, draining } = node.requests;
  const isFree = isLendable(node.record.state) && !occupied && !cordoned && !draining && !node.spec.retiring;
  return isFree && health?.verdict === 'unknown';
}
