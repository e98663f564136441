import { Aborted, TimedOut } from './failure.ts';

/** One for all: to make an error with its stack costs more than all else of a probe that succeeds. */
const OVER = new Aborted('no longer needed');

/**
 * Runs work under one deadline and the caller's signals. Whichever comes first aborts the signal that the work
 * gets, with its reason. When the work is over, the signal stops whatever of it still runs. No listener and no
 * timer is left behind.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  parents: AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    // After a stall of this process the timer fires before answers that arrived long ago are read: one turn of
    // the event loop reads them first.
    setImmediate(() => controller.abort(new TimedOut(timeoutMs)));
  }, timeoutMs);
  const onAbort = ({ target }: Event) => controller.abort(toReason(target as AbortSignal));
  for (const parent of parents) {
    if (parent.aborted) controller.abort(toReason(parent));
    parent.addEventListener('abort', onAbort, { once: true });
  }
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    controller.abort(OVER);
    for (const parent of parents) parent.removeEventListener('abort', onAbort);
  }
}

function toReason({ reason }: AbortSignal): Error {
  return reason instanceof TimedOut || reason instanceof Aborted ? reason : new Aborted('given up');
}

/**
 * A promise that rejects as soon as one of the signals aborts, whatever its starter does. It also rejects when
 * the starter throws (ssh2 throws `Not connected`).
 */
export function waitFor<T>(
  signals: AbortSignal[],
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = ({ target }: Event) => fail((target as AbortSignal).reason);
    const stopListening = () => {
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown) => {
      stopListening();
      reject(error);
    };
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted) {
      reject(aborted.reason);
      return;
    }
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
    try {
      start((value) => {
        stopListening();
        resolve(value);
      }, fail);
    } catch (error) {
      fail(error);
    }
  });
}
