import type { PoolView } from '../core/pool-view.ts';

export type PoolState = PoolView;

export interface Banner {
  tone: 'alarm' | 'notice';
  title: string;
  text: string;
  since: string | null;
}

/** What everybody who looks after the fleet has to know before anything else. */
export function bannersOf(state: PoolState | null): Banner[] {
  return (state?.conditions ?? []).flatMap(({ type, status, message, lastTransitionTime }): Banner[] => {
    if (type !== 'MovesAllowed' || status !== 'False') return [];
    const title = 'Moves are held: the breaker is open';
    return [{ tone: 'alarm', title, text: message, since: lastTransitionTime }];
  });
}
