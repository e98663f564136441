const FIRST_MS = 500;
const LONGEST_MS = 20_000;
/** A server that asks for more is asked earlier. A timer overflows beyond 24 days, and would not wait at all. */
const LONGEST_ASKED_S = 3_600;

/**
 * The pause before the next try. It doubles each time, and half of it is random, so that the clients of a whole team
 * do not reconnect at the same moment. `tries`: failures in a row, from 1; `chance`: 0 to 1.
 */
export function pauseMs(tries: number, chance: number, retryAfterS: number | null = null): number {
  const grown = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 10));
  const pause = grown / 2 + (grown / 2) * chance;
  return Math.max(pause, Math.min(retryAfterS ?? 0, LONGEST_ASKED_S) * 1_000);
}
