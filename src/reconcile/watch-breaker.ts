import { type Breaker, computeBreaker, UNSEEN_BREAKER } from '../core/health/breaker.ts';
import { commit } from './commit.ts';
import type { Context } from './context.ts';

export interface BreakerWatch {
  /** Recomputes the breaker as of now. */
  update(): Breaker;
  /** Records that it opened or closed. One that is open only because the leader has not probed yet is no news. */
  tell(): Promise<void>;
}

/** `onChange`: called when it opens or closes, so that the rentals that wait for that are checked. */
export function createBreakerWatch(
  context: Omit<Context, 'breaker' | 'controls'>,
  onChange: () => void,
): BreakerWatch {
  const { outlook, watcher, policy, clock, store, logger, metrics } = context;
  let breaker = UNSEEN_BREAKER;
  /** What the history says; null: not read yet in this term. */
  let toldOpen: boolean | null = null;
  let loggedOpen = false;

  return {
    update() {
      const next = computeBreaker(breaker, outlook.health(), policy(), clock.monotonicMs());
      if (next.confirmingSinceMs !== null && breaker.confirmingSinceMs === null) watcher.confirmAnew();
      const isChanged = next.open !== breaker.open;
      // A new leader moves no rental before it has probed. That is no news, and neither is its end.
      const isOpen = next === UNSEEN_BREAKER ? loggedOpen : next.open;
      if (isOpen !== loggedOpen) logger.warn({ open: isOpen, detail: next.message }, 'breaker changed');
      loggedOpen = isOpen;
      breaker = next;
      metrics.breakerIs(breaker.open);
      if (isChanged) onChange();
      return breaker;
    },
    async tell() {
      if (breaker === UNSEEN_BREAKER) return;
      toldOpen ??= await store.isBreakerOpen();
      const { open, message } = breaker;
      if (toldOpen === open) return;
      // After a conflict or a lost answer it is unknown what the history says, so it is read again.
      toldOpen = null;
      const fence = await commit(context, {
        events: [
          {
            type: open ? 'pool.breaker_opened' : 'pool.breaker_closed',
            at: clock.now(),
            rentalId: null,
            node: null,
            tenant: null,
            object: null,
            reason: open ? 'MigrationHeld' : 'MigrationResumed',
            message: open
              ? `no rental is moved; when it opened: ${message}`
              : 'the fleet is well again; rentals are moved when their node dies',
          },
        ],
      });
      if (fence !== 'conflict') toldOpen = open;
    },
  };
}
