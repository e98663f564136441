import type { Reason } from '../failure/reason.ts';
import type { EventType, NewEvent } from '../history/event.ts';
import type { Notice } from '../history/notice.ts';
import { noticeOf } from '../history/noticed-events.ts';
import { findCondition } from '../model/condition.ts';
import { describeFill } from '../model/listener-fill.ts';
import type { Node } from '../model/node.ts';
import { type Placement, type Rental, type RentalRecord, servingOf } from '../model/rental.ts';
import { describeRestart, isNewRestart } from '../model/restart.ts';
import { type RentalView, viewRental } from '../view/rental-view.ts';
import type { RentalDecision } from './decision.ts';

/** A rental as it was loaded, and how a save is about to change it. */
export interface RentalChange {
  rental: Rental;
  /** The same object as `rental.record` when nothing changes. */
  record: RentalRecord;
  decision: RentalDecision;
  /** The placements after the save, for snapshots. A new one has the fence as its epoch. */
  placementsAfter: (fence: number) => Placement[];
}

type NodeOf = (name: string) => Node | undefined;

/** The events that the change writes to the history, with the notices for the rental's client. */
export function describeRental(change: RentalChange, nodeOf: NodeOf, now: Date): NewEvent[] {
  const { rental, record, decision } = change;
  const events: NewEvent[] = [];
  // Watchers read the history, so a change without an event type of its own is written too.
  const fill = record.listenerFill === rental.record.listenerFill ? null : record.listenerFill;
  const { restart } = decision;
  const restarted =
    restart && decision.change.kind !== 'end' && isNewRestart(rental.record.conditions, restart);
  const isNamed = decision.expiring || restarted || fill;
  const named = isNews(change) ? decision.event : null;
  const type = named ?? (record === rental.record || isNamed ? null : 'rental.status');
  if (type)
    events.push(
      describe({ type, reason: decision.reason, message: messageOf(decision) }, change, nodeOf, now),
    );
  if (fill) {
    const what = { type: 'rental.status', ...describeFill(fill) } as const;
    const { notice: _told, ...event } = describe(what, change, nodeOf, now);
    events.push(event);
  }
  if (restarted) {
    const { reason, message } = describeRestart(restart);
    events.push(describe({ type: 'rental.restarted', reason, message }, change, nodeOf, now));
  }
  if (decision.expiring) {
    const { message } = decision.expiring;
    events.push(describe({ type: 'rental.expiring', reason: 'Expiring', message }, change, nodeOf, now));
  }
  return events;
}

/** Events that a decision repeats while a rental waits. Written only when the phase or the reason changes. */
const REPEATED: readonly (EventType | null)[] = ['rental.lost', 'rental.waiting'];

function isNews({ rental, record, decision }: RentalChange): boolean {
  if (!REPEATED.includes(decision.event)) return true;
  const [before, after] = [rental.record, record].map(
    ({ phase, conditions }) => `${phase} ${findCondition(conditions, 'Ready')?.reason}`,
  );
  return before !== after;
}

function messageOf({ change, message }: RentalDecision): string {
  return change.kind === 'promote' ? `moved from ${change.old.node} to ${change.incoming.node}` : message;
}

function describe(
  what: { type: EventType; reason: Reason; message: string },
  change: RentalChange,
  nodeOf: NodeOf,
  now: Date,
): NewEvent {
  const { rental, record, placementsAfter } = change;
  const object = (fence: number) =>
    viewRental({ ...rental, record, placements: placementsAfter(fence) }, nodeOf);
  const event = { ...what, at: now, rentalId: rental.id, tenant: rental.tenant, object };
  const notice = notify(event, change, nodeOf);
  return { ...event, node: nodeNamed(change), ...(notice ? { notice } : {}) };
}

/** The node that the event is about. */
function nodeNamed({ rental, decision: { change } }: RentalChange): string | null {
  if (change.kind === 'bind') return change.node.spec.name;
  if (change.kind === 'promote') return change.incoming.node;
  return servingOf(rental)?.node ?? null;
}

/** The notice of the event for the client; null when they want none, or this event is not for clients. */
function notify(
  event: Pick<NewEvent, 'type' | 'at' | 'reason' | 'message'> & {
    object: (fence: number) => RentalView;
  },
  { rental, record, decision }: RentalChange,
  nodeOf: NodeOf,
): Notice | null {
  const url = rental.spec.webhookUrl;
  const type = noticeOf(event.type, rental.record.phase, record.phase);
  if (url === null || type === null) return null;
  const { reason, message } = event;
  const previous =
    decision.change.kind === 'promote'
      ? { previousConnection: viewRental(rental, nodeOf).status.connection }
      : {};
  const timestamp = event.at.toISOString();
  return {
    type,
    url,
    body: (fence) => ({ type, timestamp, data: { ...event.object(fence), reason, message, ...previous } }),
  };
}
