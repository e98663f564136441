import type { AlarmClock, Logger } from '../core/ports.ts';
import type { Leadership, LeaseSettings, LeaseStore } from '../core/store-ports.ts';
import { pause } from './pause.ts';

export interface LeaderSettings extends LeaseSettings {
  /** A leader that could not renew for this long stops acting, before the lease can pass to another. */
  renewDeadlineMs: number;
  retryPeriodMs: number;
}

export interface LeaderDeps {
  store: LeaseStore;
  settings: LeaderSettings;
  clock: AlarmClock;
  logger: Logger;
}

/**
 * Takes the lease and runs `lead` for as long as it is held; when it is lost, stops `lead` and tries again, until
 * the signal. The lease limits how long two daemons may believe that they lead; what keeps the older one from
 * doing harm is the fence in every save and on every node, not the clock.
 */
export async function runElections(
  { store, settings, clock, logger }: LeaderDeps,
  lead: (leadership: Leadership, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const leadership = await store.acquire(settings).catch((error: unknown) => {
      logger.warn({ err: error }, 'the lease could not be asked for');
      return null;
    });
    if (!leadership) {
      await pause(clock, settings.retryPeriodMs, signal);
      continue;
    }
    logger.info({ holder: settings.holder, token: leadership.token }, 'leading');
    const term = new AbortController();
    const stop = () => term.abort();
    signal.addEventListener('abort', stop, { once: true });
    const renewal = keepRenewing(leadership, term);
    try {
      await lead(leadership, term.signal);
    } catch (error) {
      logger.warn({ err: error }, 'no longer leading');
    } finally {
      signal.removeEventListener('abort', stop);
      term.abort();
      await renewal;
    }
    if (signal.aborted)
      await store.release(leadership).catch(() => logger.warn({}, 'the lease was left to expire'));
    else await pause(clock, settings.retryPeriodMs, signal);
  }

  async function keepRenewing(leadership: Leadership, term: AbortController): Promise<void> {
    let renewedAtMs = clock.monotonicMs();
    while (!term.signal.aborted) {
      await pause(clock, settings.retryPeriodMs, term.signal);
      if (term.signal.aborted) return;
      const held = await store.renew(leadership, settings).catch((error: unknown) => {
        logger.warn({ err: error }, 'the lease could not be renewed');
        return null;
      });
      if (held) renewedAtMs = clock.monotonicMs();
      const isOverdue = clock.monotonicMs() - renewedAtMs > settings.renewDeadlineMs;
      if (held === false || isOverdue) {
        logger.warn({ holder: settings.holder, overdue: isOverdue }, 'the lease is lost');
        term.abort();
      }
    }
  }
}
