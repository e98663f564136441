import type { NewEvent } from '../history/event.ts';
import { LAST_UID, type NodeRecord } from '../model/node.ts';
import type { Binding, CleaningReport, Placement, RentalRecord } from '../model/rental.ts';
import type { PlacementDecision } from '../scheduling/placement-decision.ts';
import type { Leadership } from './leadership.ts';

/** What one guarded save of the reconciler writes, all or nothing. */
export interface Save {
  /** Guarded by `record.resourceVersion`, which the row must still have; the store adds one. */
  nodes?: { name: string; record: NodeRecord }[];
  /** Guarded the same way. `seenGeneration` clears `dirty` when the spec has not changed since it was loaded. */
  rentals?: { id: string; record: RentalRecord; seenGeneration: number; seenReleaseRequested: boolean }[];
  /** Gets its epoch from the fence number of this save, so at most one per save. */
  bind?: Binding & {
    /** Kept with the placement, to explain it later. */
    decision?: PlacementDecision;
  };
  /** Changes of live placements, guarded by `ended_at is null`. */
  placements?: {
    epoch: number;
    set: Partial<
      Pick<Placement, 'role' | 'readyAt' | 'appliedKey' | 'appliedExpiresAt' | 'endedAt' | 'endReason'>
    >;
  }[];
  /** Ended placements whose residue was verified gone. */
  cleaned?: { epochs: number[]; at: Date };
  /** What an attempt to clean a node reported about ended placements, in the save that the attempt causes anyway. */
  reports?: { epoch: number; report: CleaningReport }[];
  /** Nodes to delete for good (retiring and clean, or given up; without a live placement). */
  removeNodes?: string[];
  /** Number of the override that is used; a conflict if it was used before, or a newer one was requested. */
  overrideUsed?: number;
  events: NewEvent[];
}

export type SaveResult =
  /** `fence`: the number of this save, greater than that of every earlier one. */
  | { kind: 'saved'; fence: number }
  /** Somebody else changed a row, or a unique key refused: nothing was written; load again. */
  | { kind: 'conflict' }
  /** Leadership was lost: nothing was written; stop acting. */
  | { kind: 'deposed' };

/** What a purge deletes: at most `limit` each of what is older than its cutoff. */
export interface Cutoffs {
  rentalsEndedBefore: Date;
  eventsBefore: Date;
  deliveredBefore: Date;
  deadBefore: Date;
  limit: number;
}

/** The reconciler's writes, all under the fence. They reject with a StoreError when the database fails. */
export interface SaveStore {
  save(leadership: Leadership, save: Save): Promise<SaveResult>;
  /** Raises the fence counter (and a node's next uid) to what a node was found to have seen. */
  raiseCounters(leadership: Leadership, seen: SeenCounters): Promise<boolean>;
  /** Saves when each node was last probed, in one statement for all of them. */
  saveLastChecked(leadership: Leadership, checked: { node: string; at: Date }[]): Promise<boolean>;
  /** Gives the events that the API wrote their place in the order, even when nothing else is saved. */
  numberEvents(leadership: Leadership): Promise<void>;
  /**
   * Rentals count from their end and go with their placements, but stay while a node is not verified clean of them.
   * Messages count from when they were delivered or given up.
   */
  purge(
    leadership: Leadership,
    cutoffs: Cutoffs,
  ): Promise<{ rentals: number; events: number; deliveries: number } | 'deposed'>;
}

interface SeenCounters {
  fence: number;
  node: string;
  nextUid: number;
}

/** Far below 2^53, where JavaScript's numbers stop being exact. */
const HIGHEST_PLAUSIBLE_FENCE = 2 ** 48;

/** A lying node must not use up everyone's numbers. It only keeps its own work refused. Null: not plausible. */
export function plausibleCounters({ fence, nextUid }: SeenCounters) {
  return {
    fence: fence <= HIGHEST_PLAUSIBLE_FENCE ? fence : null,
    nextUid: nextUid <= LAST_UID + 1 ? nextUid : null,
  };
}

/** Throws when the caller made a save that no store may write. */
export function checkSave({ bind, nodes }: Save): void {
  // The node's version guards the binding's uid, and that the node was free when it was chosen.
  if (bind && !nodes?.some(({ name }) => name === bind.node)) {
    throw new TypeError(`a binding to ${bind.node} needs the record of that node in the same save`);
  }
}

/** Ends come first: they make room for the new binding and for the role that is taken over. */
export function endsFirst({ placements = [] }: Save): NonNullable<Save['placements']> {
  return [...placements.filter(({ set }) => set.endedAt), ...placements.filter(({ set }) => !set.endedAt)];
}
