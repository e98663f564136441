import type { AlarmClock } from '../core/ports/clock.ts';
import type { Leadership, LeadershipSettings, LeadershipStore } from '../core/ports/leadership.ts';
import type { Logger } from '../core/ports/log.ts';
import { pause } from './pause.ts';

export interface LeaderSettings extends LeadershipSettings {
  /** A leader that could not renew for this long stops acting, before another daemon can become leader. */
  renewDeadlineMs: number;
  retryPeriodMs: number;
}

export interface LeaderDeps {
  store: LeadershipStore;
  settings: LeaderSettings;
  clock: AlarmClock;
  logger: Logger;
  /** Called before each attempt to become leader. */
  onTurn: () => void;
}

/** One term of leadership, from winning it to losing it. */
export interface Term {
  leadership: Leadership;
  /** Leadership is lost, or the daemon ends. */
  signal: AbortSignal;
  /**
   * Checked right before each effect on a node. A process that was suspended wakes up with its old beliefs, and the
   * timer that should abort the signal wakes up no earlier. The clock shows at once that another daemon may lead.
   */
  mayAct(): boolean;
}

/**
 * Acquires leadership and runs `lead` for as long as it lasts. When it is lost, stops `lead` and tries again, until
 * the signal. Since leadership expires, two daemons can both believe that they lead only for a limited time. The
 * fence in every save and on every node, not the clock, keeps the older one from doing harm.
 */
export async function runElections(
  deps: LeaderDeps,
  lead: (term: Term) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { store, settings, clock, logger, onTurn } = deps;
  while (!signal.aborted) {
    onTurn();
    // Counted from before the request: the answer may be slow, or reach a process that was suspended.
    const askedAtMs = clock.monotonicMs();
    const leadership = await store.acquire(settings).catch((error: unknown) => {
      logger.warn({ err: error }, 'leadership could not be requested');
      return null;
    });
    if (!leadership) {
      await pause(clock, settings.retryPeriodMs, signal);
      continue;
    }
    logger.info({ holder: settings.holder, token: leadership.token }, 'leading');
    const { term, end } = beginTerm(deps, leadership, askedAtMs, signal);
    try {
      await lead(term);
    } catch (error) {
      logger.warn({ err: error }, 'no longer leading');
    } finally {
      await end();
    }
    if (signal.aborted)
      await store.release(leadership).catch(() => logger.warn({}, 'leadership was left to expire'));
    else await pause(clock, settings.retryPeriodMs, signal);
  }
}

/** Renews leadership, which was requested at `renewedAtMs`, until it is lost, until `end`, or until the signal. */
function beginTerm(
  { store, settings, clock, logger }: LeaderDeps,
  leadership: Leadership,
  renewedAtMs: number,
  signal: AbortSignal,
): { term: Term; end: () => Promise<void> } {
  const term = new AbortController();
  const stop = () => term.abort();
  signal.addEventListener('abort', stop, { once: true });
  const isOverdue = () => clock.monotonicMs() - renewedAtMs > settings.renewDeadlineMs;

  async function keepRenewing(): Promise<void> {
    while (!term.signal.aborted) {
      await pause(clock, settings.retryPeriodMs, term.signal);
      if (term.signal.aborted) return;
      const askedAtMs = clock.monotonicMs();
      const held = await store.renew(leadership, settings).catch((error: unknown) => {
        logger.warn({ err: error }, 'leadership could not be renewed');
        return null;
      });
      if (held) renewedAtMs = askedAtMs;
      if (held === false || isOverdue()) {
        logger.warn({ holder: settings.holder, overdue: isOverdue() }, 'leadership is lost');
        term.abort();
      }
    }
  }

  const renewal = keepRenewing();
  return {
    term: { leadership, signal: term.signal, mayAct: () => !term.signal.aborted && !isOverdue() },
    async end() {
      signal.removeEventListener('abort', stop);
      term.abort();
      await renewal;
    },
  };
}
