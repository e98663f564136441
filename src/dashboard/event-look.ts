import type { Event } from '../client/protocol/operations.ts';
import type { EventType } from '../core/history/event.ts';
import type { Tone } from './tone.ts';
import { wordsOf } from './words.ts';

export type EventView = Event;

/** The events that say how well things are. All others are plain. */
const TONES: Partial<Record<EventType, Tone>> = {
  'rental.active': 'free',
  'rental.recovered': 'free',
  'rental.migrated': 'free',
  'rental.placed': 'working',
  'rental.lost': 'dead',
  'rental.failed': 'dead',
  'rental.restarted': 'quarantined',
  'rental.placement_failed': 'quarantined',
  'rental.migrating': 'quarantined',
  'rental.waiting': 'quarantined',
  'rental.expired': 'cleaning',
  'rental.releasing': 'cleaning',
  'node.dead': 'dead',
  'node.restarted': 'quarantined',
  'node.suspect': 'quarantined',
  'node.quarantined': 'quarantined',
  'node.cleaning_failed': 'quarantined',
  'node.alive': 'free',
  'node.free': 'free',
  'node.allocated': 'rented',
  'node.provisioning': 'working',
  'node.cleaning': 'cleaning',
  'node.stray_account_removed': 'quarantined',
  'inventory.refused': 'quarantined',
  'inventory.mismatch': 'quarantined',
  'pool.breaker_opened': 'dead',
  'pool.breaker_closed': 'free',
  'daemon.fault': 'dead',
  'daemon.recovered': 'free',
  'pool.paused': 'quarantined',
  'pool.resumed': 'free',
  'pool.override_requested': 'quarantined',
  'pool.override_used': 'quarantined',
};

export function eventTone(type: EventType): Tone {
  return TONES[type] ?? 'taken';
}

/** `node.cleaning_failed` -> `Cleaning failed`; the subject is shown beside it. */
export function eventTitle(type: string): string {
  return wordsOf(type.slice(type.indexOf('.') + 1));
}

/** All events of both lists, newest first, each once. The rental's name is kept if either copy has it. */
export function mergeEvents(a: readonly EventView[], b: readonly EventView[]): EventView[] {
  const bySeq = new Map<number, EventView>();
  for (const event of [...a, ...b]) {
    const told = bySeq.get(event.seq);
    bySeq.set(event.seq, told ? { ...told, ...event } : event);
  }
  return [...bySeq.values()].sort((x, y) => y.seq - x.seq);
}

export interface EventFilter {
  /** A kind (`rental`, `node`, …) or a full type; empty: any. */
  type: string;
  /** Text that occurs in the node's name, the rental's id or the message. */
  about: string;
}

export function matchesEvent({ type, node, rental, message }: EventView, filter: EventFilter): boolean {
  const isType = filter.type === '' || type === filter.type || type.startsWith(`${filter.type}.`);
  const text = `${node ?? ''} ${rental ?? ''} ${message}`.toLowerCase();
  return isType && text.includes(filter.about.trim().toLowerCase());
}

/** What to say to a reader who does not see the page; null for what is not worth an interruption. */
export function announcementOf({ type, node, message }: EventView): string | null {
  switch (type) {
    case 'node.dead':
    case 'node.quarantined':
    case 'node.alive':
      return `${node} is ${type.slice(5)}: ${message}`;
    case 'rental.lost':
    case 'rental.failed':
    case 'rental.restarted':
    case 'rental.migrating':
    case 'rental.migrated':
    case 'rental.active':
    case 'rental.recovered':
    case 'rental.expired':
      return `${wordsOf(type)}: ${message}`;
    case 'pool.breaker_opened':
      return `Moves are held: ${message}`;
    case 'pool.breaker_closed':
      return 'Moves resume';
    case 'pool.paused':
    case 'pool.resumed':
    case 'pool.override_requested':
    case 'pool.override_used':
      return `${wordsOf(type)}: ${message}`;
    default:
      return null;
  }
}
