import type { EventType } from '../history/event.ts';
import type { NodeRecord } from '../model/node.ts';
import type { Placement } from '../model/rental.ts';
import type { Work } from '../model/work.ts';

/** What is to become of one node. */
export interface NodeDecision {
  /** The record to save; the same object when nothing changed. */
  record: NodeRecord;
  /** What to write to the live placement, if anything. */
  placement: Partial<
    Pick<Placement, 'readyAt' | 'appliedKey' | 'appliedExpiresAt' | 'endedAt' | 'endReason'>
  > | null;
  /** Residue that was verified gone. */
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

/** What the steps of a decision find out, apart from the work that follows. */
type Found = Pick<NodeDecision, 'record' | 'placement' | 'cleaned' | 'events' | 'raise'>;

/** The result of one step: the record as it leaves it, and what it adds. */
export type Step = Pick<Found, 'record'> & Partial<Found>;

/** Takes the steps one after the other, each with the record that the one before has left. */
export function takeSteps(record: NodeRecord, steps: ((record: NodeRecord) => Step)[]): Found {
  let found: Found = { record, placement: null, cleaned: [], events: [], raise: null };
  for (const step of steps) {
    const { events = [], ...rest } = step(found.record);
    found = { ...found, ...rest, events: [...found.events, ...events] };
  }
  return found;
}
