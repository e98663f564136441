import type { Reason } from '../failure/reason.ts';
import { isFailure } from '../failure/remedy.ts';
import { isTrusted } from '../health/health.ts';
import type { Node } from '../model/node.ts';
import { isLendable } from '../model/node-states.ts';
import type { Rental, Selector } from '../model/rental.ts';
import { computeDelayMs, SAME_NODE_BACKOFF } from '../text/backoff.ts';
import { listFailures } from './blame.ts';
import { type LendingFacts, whyNotLendable } from './lendable.ts';
import type { Shape } from './shape.ts';

/** A node as placement sees it. */
export interface Candidate extends LendingFacts {
  node: Node;
  /** A live placement is bound to it. */
  occupied: boolean;
}

export interface PassedOver {
  node: string;
  reason: Reason;
}

/** What the fleet has to offer at one moment. */
export interface Offer {
  /** Nodes that can be lent now. */
  usable: Candidate[];
  /** Free nodes that this leader has not probed yet. */
  undecided: Candidate[];
  /** The shapes of all nodes that are not retiring: a selector that matches none of them can never be satisfied. */
  shapes: readonly Shape[];
  /** Occupied nodes by zone. */
  occupancy: ReadonlyMap<string | null, number>;
}

export type PlacementChoice =
  | { kind: 'node'; node: Node }
  /**
   * `NoFreeNode` clears by itself; `Unsatisfiable` needs another fleet or another selector. `undecided`: a fitting
   * free node has not been probed yet by this leader, so the answer may change in a moment.
   */
  | { kind: 'none'; reason: 'NoFreeNode' | 'Unsatisfiable'; undecided: boolean };

/** How long a failure of a node counts against it. */
const RECENT_FAILURE_MS = 3_600_000;

export function matches(selector: Selector, node: Pick<Shape, 'spec'>): boolean {
  if (selector.zone !== null && selector.zone !== node.spec.zone) return false;
  return Object.entries(selector.matchLabels).every(([key, value]) => node.spec.labels[key] === value);
}

/** Why a node that fits can't take a rental now; null when it can. */
export function whyNotNow(candidate: Candidate): Reason | null {
  const { node, health, occupied } = candidate;
  const reason = whyNotLendable(candidate);
  if (reason !== null) return reason;
  const isFree = !occupied && isLendable(node.record.state);
  if (!isFree) return occupied ? 'Occupied' : 'NotVerified';
  if (node.record.verifiedAt === null) return 'NotVerified';
  return isTrusted(health) ? null : 'NotAlive';
}

/**
 * The failure because of which this node is not tried again yet; null when it may be. The pause gets longer with
 * each failure.
 */
export function whyNotAgain(rental: Rental, node: string, now: Date): Reason | null {
  const failures = listFailures(rental, node);
  const last = failures.at(-1);
  if (!last?.endedAt) return null;
  // Jitter that is the same in every pass.
  const jitter = (last.epoch * 0.618_034) % 1;
  const delayMs = computeDelayMs(failures.length, SAME_NODE_BACKOFF, jitter);
  return last.endedAt.getTime() + delayMs > now.getTime() ? last.endReason : null;
}

/** Is there any node that the selector matches, whatever it is doing now? */
export function canEverMatch(selector: Selector, shapes: readonly Shape[]): boolean {
  return shapes.some((shape) => matches(selector, shape));
}

/**
 * Chooses a node that fits, is free and healthy. Prefers, in this order, one where this rental has not failed, that
 * no pickier rental waits for, that did not fail lately, that is in the zone with the fewest rentals, and that has
 * rested longest. `pickierAt`: how many pickier rentals wait for a node like this (demand.ts).
 */
export function choosePlacement(
  rental: Rental,
  offer: Offer,
  now: Date,
  pickierAt: (node: Node) => number = () => 0,
): PlacementChoice {
  const { selector } = rental.spec;
  if (!canEverMatch(selector, offer.shapes))
    return { kind: 'none', reason: 'Unsatisfiable', undecided: false };
  const [best] = offer.usable
    .filter(({ node }) => matches(selector, node) && whyNotAgain(rental, node.spec.name, now) === null)
    .map(({ node }) => ({
      node,
      rank: rankNode(rental, node, { pickier: pickierAt(node), occupancy: offer.occupancy }, now),
    }))
    .sort((a, b) => compareRanks(a.rank, b.rank) || (a.node.spec.name < b.node.spec.name ? -1 : 1));
  if (best) return { kind: 'node', node: best.node };
  const undecided = offer.undecided.some(({ node }) => matches(selector, node));
  return { kind: 'none', reason: 'NoFreeNode', undecided };
}

/** What counts against a node, the weightiest first. The node with the lowest rank is chosen. */
export interface Rank {
  /** How often this rental's account could not be made there. */
  failedHere: number;
  /** Rentals that wait for a node like it, and fit fewer nodes than this rental does. */
  pickier: number;
  /** When it last died or an account could not be made on it, if that was lately (ms); else 0. */
  failedLatelyMs: number;
  /** Rentals in its zone. */
  inZone: number;
  /** Since when it has rested (ms). */
  restedSinceMs: number;
}

export function rankNode(
  rental: Rental,
  node: Node,
  { pickier, occupancy }: Pick<Rank, 'pickier'> & Pick<Offer, 'occupancy'>,
  now: Date,
): Rank {
  const failedHere = rental.placements.filter(
    (placement) => placement.node === node.spec.name && isFailure(placement.endReason),
  ).length;
  const failedAtMs = node.record.lastFailedAt?.getTime() ?? 0;
  return {
    failedHere,
    pickier,
    failedLatelyMs: now.getTime() - failedAtMs < RECENT_FAILURE_MS ? failedAtMs : 0,
    inZone: occupancy.get(node.spec.zone) ?? 0,
    restedSinceMs: node.record.verifiedAt?.getTime() ?? 0,
  };
}

function compareRanks(a: Rank, b: Rank): number {
  return (
    a.failedHere - b.failedHere ||
    a.pickier - b.pickier ||
    a.failedLatelyMs - b.failedLatelyMs ||
    a.inZone - b.inZone ||
    a.restedSinceMs - b.restedSinceMs
  );
}
