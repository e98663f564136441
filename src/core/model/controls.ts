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

/** The controls after a request; null when that changes nothing. */
export function withControl(controls: Controls, request: ControlRequest): Controls | null {
  if (request.kind === 'resume') return controls.pause ? { ...controls, pause: null } : null;
  const { kind, ...attribution } = request;
  if (kind === 'pause') return controls.pause ? null : { ...controls, pause: attribution };
  const number = (controls.override?.number ?? 0) + 1;
  return { ...controls, override: { ...attribution, number, isUsed: false } };
}

/** The controls after the leader used an override; null when it is not the one that waits. */
export function withOverrideUsed(controls: Controls, number: number): Controls | null {
  const { override } = controls;
  if (override?.number !== number || override.isUsed) return null;
  return { ...controls, override: { ...override, isUsed: true } };
}
