import type { Ask } from '../model/controls.ts';

/** What an operator wanted, why, and who it was, as the API shows it. */
export interface AskView {
  reason: string | null;
  by: string;
  at: string;
}

export function viewAsk({ reason, by, at }: Ask): AskView {
  return { reason, by, at: at.toISOString() };
}
