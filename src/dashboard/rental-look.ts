import type { RentalPhase } from '../core/model/rental.ts';
import type { RentalView } from '../core/view/rental-view.ts';
import type { Tone } from './tone.ts';

export interface RentalLook {
  tone: Tone;
  icon: string;
  /** What the phase means for the client, in a sentence. */
  sentence: string;
}

const LOOKS: Record<RentalPhase, RentalLook> = {
  Pending: { tone: 'unknown', icon: 'waiting', sentence: 'It waits for a machine.' },
  Provisioning: { tone: 'working', icon: 'working', sentence: 'The account is being made.' },
  Active: { tone: 'free', icon: 'active', sentence: 'It is ready to log in to.' },
  Migrating: { tone: 'quarantined', icon: 'migrating', sentence: 'It is being moved to another machine.' },
  Lost: { tone: 'dead', icon: 'dead', sentence: 'Its machine is gone; it waits for it or for another one.' },
  Releasing: { tone: 'cleaning', icon: 'cleaning', sentence: 'Access is being removed.' },
  Released: { tone: 'taken', icon: 'free', sentence: 'It has ended.' },
  Failed: { tone: 'dead', icon: 'dead', sentence: 'It could not be provided.' },
};

export function rentalLookOf(phase: RentalPhase): RentalLook {
  return LOOKS[phase];
}

export function isOver({ status }: RentalView): boolean {
  return status.phase === 'Released' || status.phase === 'Failed';
}

/** True while its client can still request something. */
export function isOpen({ status }: RentalView): boolean {
  return !['Releasing', 'Released', 'Failed'].includes(status.phase);
}

/** Since when its machine is gone, even if another is being prepared; null: it has one, or never had one. */
export function lostSince(rental: RentalView): string | null {
  const ready = readyCondition(rental);
  const { phase } = rental.status;
  // In a planned move the old machine serves until the new one does, and the condition stays true.
  const isDown = (phase === 'Lost' || phase === 'Migrating') && ready?.status === 'False';
  return isDown ? ready.lastTransitionTime : null;
}

export function readyCondition({ status }: RentalView) {
  return status.conditions.find(({ type }) => type === 'Ready') ?? null;
}
