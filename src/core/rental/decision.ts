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

/** Everything that a decision about one rental may depend on. */
export interface RentalInputs {
  rental: Rental;
  nodeOf: (name: string) => Node | undefined;
  breaker: Breaker;
  /** Did an operator override the breaker after the node had died? Then its client is moved although it is open. */
  isOverridden: (node: string) => boolean;
  /** An operator's pause of the reconciler; null: it is not paused. */
  pause: Attribution | null;
  /** Called only when a node is wanted. */
  choose: () => PlacementChoice;
  /** May this move begin? Called only when there is a node to move to. `isUrgent`: its client has no access. */
  turn: (isUrgent: boolean) => Turn;
  /** Its place in the queue; null when it has none. */
  place: QueuePlace | null;
  policy: Policy;
  now: Date;
}

/** A rental's place in the queue. */
export interface QueuePlace {
  /** 1 is next. */
  position: number;
  /** When it may expect a node; null: unknown. */
  estimateAt: Date | null;
}

/** How the placements change. A save makes at most one of these changes. */
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
  /** Written to the history; `rental.lost` and `rental.waiting` only when the phase or the reason changes. */
  event: EventType | null;
  lostAt: Date | null;
  expiresAt: Date | null;
  ended: boolean;
  /** The notice that the lease ends soon; null: none is due. */
  expiring: { message: string } | null;
  /** The last restart of its node since the client got access; null: there was none. */
  restart: Restart | null;
  /** The value for the new record. */
  toldBeforeEndMs: number | null;
  place: QueuePlace | null;
  /** When the next pass is due even if nothing happens. */
  nextDueAt: Date | null;
  /** False: the current spec was not acted on, so its generation does not count as observed. */
  observes: boolean;
}
