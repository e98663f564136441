import type { Reason } from '../failure/reason.ts';
import { isLendable } from '../model/node-states.ts';
import type { Selector } from '../model/rental.ts';
import { type Candidate, type Offer, whyNotNow } from './placement.ts';
import { createShapeGroups, type Place, placeOf } from './shape-groups.ts';

/**
 * All nodes of the fleet as placement sees them, kept up to date node by node, so that a choice costs what there is to
 * choose from and not what the fleet holds.
 */
export interface Roster {
  /** The node as it is now; null: it has left. */
  note(name: string, candidate: Candidate | null): void;
  offer(): Offer;
  /** Names of nodes by the reason why a rental with this selector can't have them now; null: it could. */
  groupFor(selector: Selector): Map<Reason | null, ReadonlySet<string>[]>;
  /** Grows whenever another selector may match than before. */
  shapeVersion(): number;
}

export function createRoster(candidates: Candidate[] = []): Roster {
  const entries = new Map<string, { candidate: Candidate; place: Place }>();
  const usable = new Set<string>();
  const undecided = new Set<string>();
  const groups = createShapeGroups();
  const occupancy = new Map<string | null, number>();
  const list = (names: Iterable<string>) => [...names].flatMap((name) => entries.get(name)?.candidate ?? []);
  const mark = (set: Set<string>, name: string, isMember: boolean) =>
    isMember ? set.add(name) : set.delete(name);

  function occupy({ node, occupied }: Candidate, by: 1 | -1): void {
    if (!occupied) return;
    const { zone } = node.spec;
    const count = (occupancy.get(zone) ?? 0) + by;
    if (count === 0) occupancy.delete(zone);
    else occupancy.set(zone, count);
  }

  function note(name: string, candidate: Candidate | null): void {
    const old = entries.get(name);
    const place = candidate ? placeOf(candidate.node.spec, whyNotNow(candidate)) : undefined;
    groups.move(name, old?.place, place);
    if (old) occupy(old.candidate, -1);
    if (candidate) occupy(candidate, 1);
    mark(usable, name, place?.reason === null);
    mark(undecided, name, candidate !== null && isUndecided(candidate));
    if (candidate && place) entries.set(name, { candidate, place });
    else entries.delete(name);
  }

  for (const candidate of candidates) note(candidate.node.spec.name, candidate);
  return {
    note,
    offer: () => ({
      usable: list(usable),
      undecided: list(undecided),
      shapes: groups.shapes(),
      occupancy,
    }),
    groupFor: groups.groupFor,
    shapeVersion: groups.version,
  };
}

function isUndecided({ node, health, occupied }: Candidate): boolean {
  const { cordoned, draining } = node.requests;
  const isFree = isLendable(node.record.state) && !occupied && !cordoned && !draining && !node.spec.retiring;
  return isFree && health?.verdict === 'unknown';
}
