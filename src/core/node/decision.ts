import type { EventType } from '../history/event.ts';
import type { NodeRecord } from '../model/node.ts';
import type { Placement } from '../model/rental.ts';
import type { Work } from '../model/work.ts';

/** What to do with one node. */
export interface NodeDecision {
  /** The record to save; the same object when nothing changed. */
  record: NodeRecord;
  /** Changes to the live placement; null: none. */
  placement: Partial<
    Pick<Placement, 'readyAt' | 'appliedKey' | 'appliedExpiresAt' | 'endedAt' | 'endReason'>
  > | null;
  /** Epochs of the residue that was verified gone. */
  cleaned: number[];
  events: { type: EventType; reason: string; message: string }[];
  /** Work to start after the save, under its fence. */
  start: Work | null;
  /** The run (if any) was taken into account and can be forgotten. */
  settled: boolean;
  /** The running work is no longer wanted and is killed. */
  abort: boolean;
  /** The node left the inventory and nothing is left on it: delete it. */
  remove: boolean;
  /** The node knows higher numbers than the database: raise the counters before the next try. */
  raise: { fence: number; nextUid: number } | null;
}

/** What the steps of a decision produce; the work to start is chosen after them. */
type Found = Pick<NodeDecision, 'record' | 'placement' | 'cleaned' | 'events' | 'raise'>;

/** The result of one step: the new record, and what the step adds. */
export type Step = Pick<Found, 'record'> & Partial<Found>;

/** Runs the steps in order. Each gets the record that the one before returned. */
export function takeSteps(record: NodeRecord, steps: ((record: NodeRecord) => Step)[]): Found {
  let found: Found = { record, placement: null, cleaned: [], events: [], raise: null };
  for (const step of steps) {
    const { events = [], ...rest } = step(found.record);
    found = { ...found, ...rest, events: [...found.events, ...events] };
  }
  return found;
}
