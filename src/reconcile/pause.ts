import type { AlarmClock } from '../core/ports/clock.ts';

/** Resolves after the time or at the signal, whichever is first. `onWaiting` gets a function that ends it early. */
export function pause(
  clock: AlarmClock,
  ms: number,
  signal: AbortSignal,
  onWaiting?: (end: () => void) => void,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
    onWaiting?.(end);
  });
}
