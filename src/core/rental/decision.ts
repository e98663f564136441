import type { Reason } from '../failure/reason.ts';
import type { Breaker } from '../health/breaker.ts';
import type { EventType } from '../history/event.ts';
import type { Attribution } from '../model/controls.ts';
import type { Node } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import type { Placement, Rental, RentalPhase } from '../model/rental.ts';
import type { Restart } from '../model/restart.ts';
import type { PlacementChoice } from '../scheduling/placement.ts';
import type { Turn } from './move-turn.ts';

/** Everything that a decision about one rental may look at. */
export interface RentalInputs {
  rental: Rental;
  nodeOf: (name: string) => Node | undefined;
  breaker: Breaker;
  /** Did an operator say, after the node had died, that its clients are to be moved although the breaker is open? */
  isOverridden: (node: string) => boolean;
  /** An operator has paused everything; null: nobody has. */
  pause: Attribution | null;
  /** Asked only when a node is wanted. */
  choose: () => PlacementChoice;
  /** Asked only when there is a node to move to: may this move begin? `isUrgent`: its client has no access. */
  turn: (isUrgent: boolean) => Turn;
  /** Its place among those that wait; null when it has none. */
  place: QueuePlace | null;
  policy: Policy;
  now: Date;
}

/** Where a rental stands in the queue. */
export interface QueuePlace {
  /** 1 is next. */
  position: number;
  /** When it may expect a node; null: nothing can be said. */
  estimateAt: Date | null;
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
  /** Written to the history; `rental.lost` and `rental.waiting` only when the phase or the reason is another one. */
  event: EventType | null;
  lostAt: Date | null;
  expiresAt: Date | null;
  ended: boolean;
  /** The client is to be told that the end is near. */
  expiring: { message: string } | null;
  /** The restart of its node that its client has to know of; null: there was none. */
  restart: Restart | null;
  /** As the record has it afterwards. */
  toldBeforeEndMs: number | null;
  place: QueuePlace | null;
  /** When to look again even if nothing happens. */
  nextDueAt: Date | null;
  /** False: the spec as it is now was not acted upon, so its generation is not called observed. */
  observes: boolean;
}
