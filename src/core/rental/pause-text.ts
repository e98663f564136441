import type { Attribution } from '../model/controls.ts';

/** Without its author: clients read it, too, at the end of what their rentals say. */
export function describePause({ reason, at }: Pick<Attribution, 'reason' | 'at'>): string {
  return `an operator has paused it at ${at.toISOString()}${reason === null ? '' : `: ${reason}`}`;
}

const TOLD = /an operator has paused it at (\d{4}-[\d:.T-]+Z)(?:: (.*))?$/;

/** What `describePause` told, from the end of a message; null: the message tells of no pause. */
export function readPause(message: string): { reason: string | null; at: string } | null {
  const [, at, reason = null] = TOLD.exec(message) ?? [];
  return at === undefined ? null : { reason, at };
}
