/** What an operator wanted, why, and who it was. */
export interface Ask {
  reason: string | null;
  /** The token's name and id, and its tenant. */
  by: string;
  at: Date;
}

/** As it stands in the history. */
export function describeAsk({ by, reason }: Pick<Ask, 'by' | 'reason'>): string {
  return `by ${by}${reason === null ? '' : `: ${reason}`}`;
}

/**
 * What operators asked of the reconciler as a whole. The API writes what is asked, the leader what it made use of.
 */
export interface Controls {
  /** Null: it is not paused. */
  pause: Ask | null;
  /** The last request to move clients once although the breaker is open; null: there never was one. */
  override: (Ask & { number: number; isUsed: boolean }) | null;
}

export const NO_CONTROLS: Controls = { pause: null, override: null };

export type ControlRequest = ({ kind: 'pause' | 'override' } & Ask) | { kind: 'resume' };
