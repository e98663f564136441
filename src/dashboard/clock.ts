import { createValue } from './observable.ts';

const TICK_MS = 1_000;
const ticking = createValue(Date.now());

/** The current time, updated once a second. Texts that say how long ago something was follow it. */
export const clock = {
  get: ticking.get,
  subscribe: ticking.subscribe,
};

// A hidden page is not redrawn; it catches up when it is shown again.
setInterval(() => {
  if (!document.hidden) ticking.set(Date.now());
}, TICK_MS);
document.addEventListener('visibilitychange', () => ticking.set(Date.now()));
