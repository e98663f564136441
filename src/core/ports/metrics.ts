import type { Reason } from '../failure/reason.ts';
import type { EventType } from '../history/event.ts';
import type { AttemptOutcome } from './delivery.ts';

/** A client's wait that ended with a saved decision. */
export type RentalStep =
  /** From the request to the first placement; or from the placement to the first access. */
  | { kind: 'queueWait' | 'provisioning'; durationMs: number }
  /**
   * Until access on the next node: from the verdict that the old one is dead, or, `planned`, from the placement on
   * the new one while the old one still serves.
   */
  | { kind: 'migration'; planned: boolean; durationMs: number };

/** Counts of this process's own work. Nothing depends on them, and no call ever throws. */
interface WorkMetrics {
  /** Called only after the save that wrote the events: what was not saved did not happen. */
  eventsSaved(events: readonly { type: EventType; reason: string }[]): void;
  /** `reason` is `Alive` for a good probe. */
  probed(reason: Reason, durationMs: number): void;
  workEnded(
    kind: 'ensureAccess' | 'clean',
    outcome: { kind: 'done' | 'aborted' | 'postponed' } | { kind: 'failed'; reason: Reason },
    durationMs: number,
  ): void;
  webhookAttempted(outcome: AttemptOutcome): void;
  /** A client's wait for a step that was saved now. */
  stepped(step: RentalStep): void;
  passEnded(outcome: 'done' | 'failed', durationMs: number): void;
}

/** What this process is in now; no call ever throws. */
interface StateMetrics {
  leads(isLeading: boolean): void;
  breakerIs(isOpen: boolean): void;
  /** True: this daemon lacks something of its own (ControlPlaneFault). */
  ownFaultIs(isThere: boolean): void;
  pausedIs(isPaused: boolean): void;
  /** `ok`: the inventory file was valid when it was last read. */
  inventoryRead(ok: boolean): void;
}

export type Metrics = WorkMetrics & StateMetrics;
