import type { NewEvent } from '../core/history/event.ts';
import { WALL_MS, type World } from './world.ts';

/** The clock of clients and operators. A daemon has its own. */
export function wallNow({ time }: World): Date {
  return new Date(WALL_MS + time.nowMs());
}

/** The event with which the API records what a client or an operator did. */
export function eventOf(
  world: World,
  type: NewEvent['type'],
  { rental, node = null }: { rental?: { id: string; tenant: string }; node?: string | null } = {},
): NewEvent {
  const about = { rentalId: rental?.id ?? null, node, tenant: rental?.tenant ?? null, reason: 'Accepted' };
  return { type, at: wallNow(world), ...about, message: type, object: null };
}
