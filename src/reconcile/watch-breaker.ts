import { type Breaker, computeBreaker, UNSEEN_BREAKER } from '../core/health/breaker.ts';
import { createHealthTally } from '../core/health/tally.ts';
import { wasVerified } from '../core/model/node.ts';
import { commit } from './commit.ts';
import type { Context } from './context.ts';

export interface BreakerWatch {
  /** As it is at this very moment. */
  update(): Breaker;
  /** Tells the history that it opened or closed; one that a leader which has not looked yet holds open is no news. */
  tell(): Promise<void>;
}

/** `onChange`: it opened or closed, so whoever waits for that is to be looked at. */
export function createBreakerWatch(
  context: Omit<Context, 'breaker' | 'controls'>,
  onChange: () => void,
): BreakerWatch {
  const { fleet, watcher, policy, clock, store, logger, metrics } = context;
  let breaker = UNSEEN_BREAKER;
  /** What the history says; null: not read yet in this term. */
  let toldOpen: boolean | null = null;
  let loggedOpen = false;

  const tally = createHealthTally();

  function count() {
    for (const name of [...fleet.takeChanged(), ...watcher.takeChanged()]) {
      const node = fleet.nodes.get(name);
      // One with a client on it counts whatever is known of it: another host key may have been accepted meanwhile.
      const counts = node && (wasVerified(node) || fleet.livePlacement(name));
      tally.note(name, counts ? watcher.health(name) : null);
    }
    return tally.count(policy().probe);
  }

  return {
    update() {
      const next = computeBreaker(breaker, count(), policy(), clock.monotonicMs());
      if (next.confirmingSinceMs !== null && breaker.confirmingSinceMs === null) watcher.confirmAnew();
      const isChanged = next.open !== breaker.open;
      // That a new leader moves nobody before it has looked is no news, and neither is its end.
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
      // A save that meets another, or whose answer gets lost, leaves it open what is written: then it is read again.
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
