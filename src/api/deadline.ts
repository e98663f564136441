/**
 * Aborts with the signal, or after `ms`. AbortSignal.timeout won't do: one that only AbortSignal.any references is
 * collected with its timer and never fires (Node 20).
 */
export function withDeadline(signal: AbortSignal, ms: number): AbortSignal {
  const deadline = new AbortController();
  setTimeout(() => deadline.abort(), ms).unref();
  return AbortSignal.any([signal, deadline.signal]);
}
