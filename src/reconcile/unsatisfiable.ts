import type { Policy } from '../core/model/policy.ts';
import type { Rental } from '../core/model/rental.ts';
import type { Context } from './context.ts';

/**
 * Rentals that no node of the fleet can ever match. Nothing about such a rental changes before the fleet, the policy or
 * the rental itself does, so until then a pass does nothing for it, however many of them wait.
 */
export interface UnsatisfiableRentals {
  /** Was it found unsatisfiable, and has nothing changed since? */
  isKnown(rental: Rental): boolean;
  /** Notes the result of the latest decision about it. */
  note(rental: Rental, decided: { isUnsatisfiable: boolean }): void;
  /** Forgets rentals that are gone. */
  prune(): void;
}

interface Seen {
  generation: number;
  resourceVersion: number;
  shapeVersion: number;
  policy: Policy;
}

export function createUnsatisfiableRentals({
  fleet,
  outlook,
  policy,
}: Pick<Context, 'fleet' | 'outlook' | 'policy'>): UnsatisfiableRentals {
  const known = new Map<string, Seen>();
  const seeNow = ({ generation, record }: Rental): Seen => ({
    generation,
    resourceVersion: record.resourceVersion,
    shapeVersion: outlook.roster().shapeVersion(),
    policy: policy(),
  });
  return {
    isKnown(rental) {
      const seen = known.get(rental.id);
      if (!seen) return false;
      const now = seeNow(rental);
      return (Object.keys(now) as (keyof Seen)[]).every((key) => seen[key] === now[key]);
    },
    note(rental, { isUnsatisfiable }) {
      if (isUnsatisfiable && rental.record.endedAt === null) known.set(rental.id, seeNow(rental));
      else known.delete(rental.id);
    },
    prune() {
      for (const id of known.keys()) if (!fleet.rentals.get(id)) known.delete(id);
    },
  };
}
