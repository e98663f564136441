import type { Condition } from '../core/model/condition.ts';
import type { Tone } from './tone.ts';

const LOOKS: Record<Condition['status'], { tone: Tone; word: string }> = {
  True: { tone: 'free', word: 'Yes' },
  False: { tone: 'quarantined', word: 'No' },
  Unknown: { tone: 'unknown', word: 'Unknown' },
};

/** Reasons that are normal during and between rentals (not clean, nothing provisioned) or at the end of one. */
const USUAL = ['NotVerified', 'NotProvisioned', 'Provisioning', 'Releasing', 'Released', 'Expired'];

/** `False` for such a reason is not a problem. */
export function isUsual(reason: string): boolean {
  return USUAL.includes(reason);
}

export function conditionLook({ status, reason }: Condition): { tone: Tone; word: string } {
  const look = LOOKS[status];
  return status === 'False' && isUsual(reason) ? { ...look, tone: 'taken' } : look;
}
