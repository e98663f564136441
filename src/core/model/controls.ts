/** The author of a request, with its reason and time. */
export interface Attribution {
  reason: string | null;
  /** The token's name and id, and its tenant. */
  by: string;
  at: Date;
}

/** As the history shows it. */
export function describeAttribution({ by, reason }: Pick<Attribution, 'by' | 'reason'>): string {
  return `by ${by}${reason === null ? '' : `: ${reason}`}`;
}

/**
 * Operators' requests to the reconciler as a whole. The API writes the requests; the leader writes which override it
 * has used.
 */
export interface Controls {
  /** Null: it is not paused. */
  pause: Attribution | null;
  /** The last request to move rentals once despite an open breaker; null: there never was one. */
  override: (Attribution & { number: number; isUsed: boolean }) | null;
}

export const NO_CONTROLS: Controls = { pause: null, override: null };

export type ControlRequest = ({ kind: 'pause' | 'override' } & Attribution) | { kind: 'resume' };
