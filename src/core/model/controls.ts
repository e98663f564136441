/** What an operator wanted, why, and who it was. */
export interface Attribution {
  reason: string | null;
  /** The token's name and id, and its tenant. */
  by: string;
  at: Date;
}

/** As it stands in the history. */
export function describeAttribution({ by, reason }: Pick<Attribution, 'by' | 'reason'>): string {
  return `by ${by}${reason === null ? '' : `: ${reason}`}`;
}

/**
 * What operators asked of the reconciler as a whole. The API writes what is asked, the leader what it made use of.
 */
export interface Controls {
  /** Null: it is not paused. */
  pause: Attribution | null;
  /** The last request to move clients once although the breaker is open; null: there never was one. */
  override: (Attribution & { number: number; isUsed: boolean }) | null;
}

export const NO_CONTROLS: Controls = { pause: null, override: null };

export type ControlRequest = ({ kind: 'pause' | 'override' } & Attribution) | { kind: 'resume' };
