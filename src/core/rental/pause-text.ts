import type { Attribution } from '../model/controls.ts';

/** Leaves out its author: clients read this too, at the end of their rentals' messages. */
export function describePause({ reason, at }: Pick<Attribution, 'reason' | 'at'>): string {
  return `an operator has paused it at ${at.toISOString()}${reason === null ? '' : `: ${reason}`}`;
}

const TOLD = /an operator has paused it at (\d{4}-[\d:.T-]+Z)(?:: (.*))?$/;

/** Reads the text of `describePause` back from the end of a message; null: the message mentions no pause. */
export function readPause(message: string): { reason: string | null; at: string } | null {
  const [, at, reason = null] = TOLD.exec(message) ?? [];
  return at === undefined ? null : { reason, at };
}
