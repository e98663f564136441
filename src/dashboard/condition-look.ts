import type { Condition } from '../core/model/condition.ts';
import type { Tone } from './tone.ts';

const LOOKS: Record<Condition['status'], { tone: Tone; word: string }> = {
  True: { tone: 'free', word: 'Yes' },
  False: { tone: 'quarantined', word: 'No' },
  Unknown: { tone: 'unknown', word: 'Unknown' },
};

/** Not clean, or nothing placed, is how things are in and between rentals; so is the end of a rental. */
const USUAL = ['NotVerified', 'NotProvisioned', 'Provisioning', 'Releasing', 'Released', 'Expired'];

/** A `False` for such a reason is no trouble. */
export function isUsual(reason: string): boolean {
  return USUAL.includes(reason);
}

export function conditionLook({ status, reason }: Condition): { tone: Tone; word: string } {
  const look = LOOKS[status];
  return status === 'False' && isUsual(reason) ? { ...look, tone: 'taken' } : look;
}
