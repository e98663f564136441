import type { Attribution } from '../model/controls.ts';

/** The author of a request, with its reason and time, as the API shows it. */
export interface AttributionView {
  reason: string | null;
  by: string;
  at: string;
}

export function viewAttribution({ reason, by, at }: Attribution): AttributionView {
  return { reason, by, at: at.toISOString() };
}
