import type { PoolView } from '../core/health/pool-view.ts';
import { readPause } from '../core/rental/pause-text.ts';
import type { RentalView } from '../core/view/rental-view.ts';
import { isOver, readyCondition } from './rental-look.ts';

export type PoolState = PoolView;

/** A pause, as far as the reader may know of it. `by`: null for clients, who learn why but not by whom. */
export interface Pause {
  reason: string | null;
  by: string | null;
  at: string;
}

export interface Banner {
  kind: 'breaker' | 'paused';
  tone: 'alarm' | 'notice';
  title: string;
  text: string;
  since: string | null;
}

/** What everybody has to know before anything else. */
export function bannersOf(state: PoolState | null, pause: Pause | null): Banner[] {
  const moves = openBreaker(state);
  const banners: Banner[] = [];
  if (moves !== null) {
    const title = 'Moves are held: the breaker is open';
    const { message: text, lastTransitionTime: since } = moves;
    banners.push({ kind: 'breaker', tone: 'alarm', title, text, since });
  }
  if (pause !== null) banners.push({ kind: 'paused', tone: 'notice', ...describe(pause), since: pause.at });
  return banners;
}

function describe({ reason, by }: Pause): { title: string; text: string } {
  const why = reason ?? 'No reason was given';
  if (by === null) return { title: 'Orion is paused by its operators: your requests wait', text: why };
  return {
    title: 'Orion is paused: nothing new begins, and no rental is moved',
    text: `${why} · by ${by}`,
  };
}

/** The `MovesAllowed` condition while the breaker is open, else null. */
export function openBreaker(state: PoolState | null) {
  const isHeld = (each: PoolState['conditions'][number]) =>
    each.type === 'MovesAllowed' && each.status === 'False';
  return state?.conditions.find(isHeld) ?? null;
}

/** Clients cannot read the pool, but each rental that waits for the end of a pause says so. */
export function pauseToldBy(rentals: Iterable<RentalView>): Pause | null {
  let last: Pause | null = null;
  for (const rental of rentals) {
    const ready = readyCondition(rental);
    if (isOver(rental) || ready?.reason !== 'Paused') continue;
    const told = readPause(ready.message);
    if (told !== null && (last === null || told.at > last.at)) last = { ...told, by: null };
  }
  return last;
}
