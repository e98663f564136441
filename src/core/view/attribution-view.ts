import type { Attribution } from '../model/controls.ts';

/** Who asked for something, why and when, as the API shows it. */
export interface AttributionView {
  reason: string | null;
  by: string;
  at: string;
}

export function viewAttribution({ reason, by, at }: Attribution): AttributionView {
  return { reason, by, at: at.toISOString() };
}
