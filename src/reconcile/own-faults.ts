import type { Clock } from '../core/ports/clock.ts';
import type { Logger } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';

/** How long a reported fault counts: longer than a lasting fault takes to be reported again. */
const LASTS_MS = 15_000;

/**
 * What this daemon itself lacks (files, ports, memory, disk, its key): a condition of the daemon, shown by its
 * readiness, a metric, the history and one line of the log. No node is blamed for it.
 */
export interface OwnFaults {
  report(message: string): void;
  /** The last reported fault; null: none lately. */
  current(): string | null;
  /** The history has the fault. Outlives a term, so that the next one neither repeats it nor omits its end. */
  isTold: boolean;
}

export function createOwnFaults(parts: {
  clock: Clock;
  logger: Logger;
  metrics: Pick<Metrics, 'ownFaultIs'>;
}): OwnFaults {
  const { clock, logger, metrics } = parts;
  let fault: { message: string; atMs: number } | null = null;
  return {
    isTold: false,
    report(message) {
      if (fault === null) {
        logger.error({ detail: message }, 'the control plane lacks something it needs; no node is blamed');
        metrics.ownFaultIs(true);
      }
      fault = { message, atMs: clock.monotonicMs() };
    },
    current() {
      if (fault !== null && clock.monotonicMs() - fault.atMs >= LASTS_MS) {
        fault = null;
        metrics.ownFaultIs(false);
        logger.info({}, 'the control plane has what it needs again');
      }
      return fault?.message ?? null;
    },
  };
}
