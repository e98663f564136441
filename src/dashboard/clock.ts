import { createValue } from './observable.ts';

const TICK_MS = 1_000;
const ticking = createValue(Date.now());

/** The time, once a second: what says how long ago something was goes with it. */
export const clock = {
  get: ticking.get,
  subscribe: ticking.subscribe,
};

// While nobody looks nothing is redrawn; the first look brings it up to date.
setInterval(() => {
  if (!document.hidden) ticking.set(Date.now());
}, TICK_MS);
document.addEventListener('visibilitychange', () => ticking.set(Date.now()));
