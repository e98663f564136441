export interface Clock {
  /** Wall-clock time, for what is stored and shown. */
  now(): Date;
  /** Milliseconds that never jump, for intervals and deadlines. */
  monotonicMs(): number;
}

/** A clock to wait on. All waits of the reconciler go through it, so that a simulation can control time. */
export interface AlarmClock extends Clock {
  /** Calls back once, after at least `delayMs`. Returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}
