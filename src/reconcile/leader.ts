import type { AlarmClock } from '../core/ports/clock.ts';
import type { Leadership, LeadershipSettings, LeadershipStore } from '../core/ports/leadership.ts';
import type { Logger } from '../core/ports/log.ts';
import { pause } from './pause.ts';

export interface LeaderSettings extends LeadershipSettings {
  /** A leader that could not renew for this long stops acting, before the lease can pass to another. */
  renewDeadlineMs: number;
  retryPeriodMs: number;
}

export interface LeaderDeps {
  store: LeadershipStore;
  settings: LeaderSettings;
  clock: AlarmClock;
  logger: Logger;
  /** Each time that the lease was asked for, while another has it. */
  onTurn: () => void;
}

/** One time of leading, from winning the lease to losing it. */
export interface Term {
  leadership: Leadership;
  /** The lease is lost, or the daemon ends. */
  signal: AbortSignal;
  /**
   * Asked right before each effect on a node. A process that stood still wakes up with its old beliefs, and what
   * was to abort the signal wakes up at the same time; the clock tells at once that the lease may be another's.
   */
  mayAct(): boolean;
}

/**
 * Takes the lease and runs `lead` for as long as it is held; when it is lost, stops `lead` and tries again, until
 * the signal. The lease limits how long two daemons may believe that they lead; what keeps the older one from
 * doing harm is the fence in every save and on every node, not the clock.
 */
export async function runElections(
  { store, settings, clock, logger, onTurn }: LeaderDeps,
  lead: (term: Term) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    onTurn();
    // Counted from before the question: the answer may have been long under way, or come to a process that stood.
    const lease = { renewedAtMs: clock.monotonicMs() };
    const leadership = await store.acquire(settings).catch((error: unknown) => {
      logger.warn({ err: error }, 'leadership could not be requested');
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
    const mayAct = () => !term.signal.aborted && !isOverdue(lease);
    const renewal = keepRenewing(leadership, lease, term);
    try {
      await lead({ leadership, signal: term.signal, mayAct });
    } catch (error) {
      logger.warn({ err: error }, 'no longer leading');
    } finally {
      signal.removeEventListener('abort', stop);
      term.abort();
      await renewal;
    }
    if (signal.aborted)
      await store.release(leadership).catch(() => logger.warn({}, 'leadership was left to expire'));
    else await pause(clock, settings.retryPeriodMs, signal);
  }

  function isOverdue(lease: { renewedAtMs: number }): boolean {
    return clock.monotonicMs() - lease.renewedAtMs > settings.renewDeadlineMs;
  }

  async function keepRenewing(
    leadership: Leadership,
    lease: { renewedAtMs: number },
    term: AbortController,
  ): Promise<void> {
    while (!term.signal.aborted) {
      await pause(clock, settings.retryPeriodMs, term.signal);
      if (term.signal.aborted) return;
      const askedAtMs = clock.monotonicMs();
      const held = await store.renew(leadership, settings).catch((error: unknown) => {
        logger.warn({ err: error }, 'leadership could not be renewed');
        return null;
      });
      if (held) lease.renewedAtMs = askedAtMs;
      if (held === false || isOverdue(lease)) {
        logger.warn({ holder: settings.holder, overdue: isOverdue(lease) }, 'leadership is lost');
        term.abort();
      }
    }
  }
}
