import type { Breaker } from './breaker.ts';
import type { EventType } from './event.ts';
import type { Node } from './node.ts';
import type { PlacementChoice } from './placement.ts';
import type { Reason } from './reason.ts';
import type { Placement, Rental, RentalPhase } from './rental.ts';

/** Everything that a decision about one rental may look at. */
export interface RentalInputs {
  rental: Rental;
  nodeOf: (name: string) => Node | undefined;
  breaker: Breaker;
  /** Asked only when a node is wanted. */
  choose: () => PlacementChoice;
  /** 1 is next; null when it is not known in this pass. */
  queuePosition: number | null;
  now: Date;
}

/** What becomes of the placements. At most one of these in one save. */
export type PlacementChange =
  | { kind: 'none' }
  | { kind: 'bind'; role: 'serving' | 'incoming'; node: Node }
  /** The incoming placement takes over; the old one ends. */
  | { kind: 'promote'; incoming: Placement; old: Placement; endReason: Reason }
  | { kind: 'end'; placements: Placement[]; endReason: Reason };

export interface RentalDecision {
  change: PlacementChange;
  phase: RentalPhase;
  reason: Reason;
  message: string;
  /** Written to the history when it says something new. */
  event: EventType | null;
  lostAt: Date | null;
  expiresAt: Date | null;
  ended: boolean;
  queuePosition: number | null;
  /** When to look again even if nothing happens. */
  nextDueAt: Date | null;
}
