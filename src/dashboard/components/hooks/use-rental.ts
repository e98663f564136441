import type { RentalView } from '../../../core/view/rental-view.ts';
import { call } from '../../call.ts';
import { rentals } from '../../live.ts';
import type { Problem } from '../../problem.ts';
import { rentalPath } from '../../route.ts';
import { useValue } from '../../use-value.ts';
import { useLoaded } from './use-loaded.ts';

/** A rental by id or name, live. One that ended long ago is no longer in the watch and is shown as loaded. */
export function useRental(id: string): {
  rental: RentalView | null;
  problem: Problem | null;
  again: () => void;
} {
  const all = useValue(rentals.items);
  const watched = all.get(id) ?? [...all.values()].find(({ name }) => name === id) ?? null;
  const loaded = useLoaded(
    (signal) => call<RentalView>('GET', `/api${rentalPath(id)}`, undefined, { signal }),
    [id],
  );
  const rental = watched ?? (loaded.value && (all.get(loaded.value.id) ?? loaded.value));
  return { rental, problem: rental ? null : loaded.problem, again: loaded.again };
}
