import { CliError, EXIT } from './cli-error.ts';
import type { Io } from './io.ts';

/** Node's timers overflow beyond it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A signal for waiting, aborted when the time is up and by Ctrl-C, and the error to end with then. */
export function startDeadline(io: Io, timeoutMs: number) {
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(), Math.min(timeoutMs, LONGEST_TIMER_MS));
  return {
    signal: AbortSignal.any([io.signal, timeUp.signal]),
    clear: () => clearTimeout(timer),
    errorFor(missing: string, hint: string): CliError {
      if (io.signal.aborted) return new CliError('interrupted', { exitCode: EXIT.interrupted });
      const seconds = Math.round(timeoutMs / 1_000);
      return new CliError(`${missing} after ${seconds} s`, { exitCode: EXIT.timedOut, hint });
    },
  };
}
