/** Counts the bytes of bodies that are being received, by whom they come from and for all together. */
export interface BodyBudget {
  /** A place for so many bytes, to be left once; or what there is no room left for. */
  enter(places: readonly string[], bytes: number): { leave(): void } | { full: 'place' | 'all' };
}

export interface BodyLimits {
  /** From one address, and of one tenant. */
  perPlace: number;
  all: number;
}

export function createBodyBudget({ perPlace, all }: BodyLimits): BodyBudget {
  const used = new Map<string, number>();
  let usedByAll = 0;
  const add = (places: readonly string[], bytes: number) => {
    usedByAll += bytes;
    for (const place of places) {
      const now = (used.get(place) ?? 0) + bytes;
      if (now === 0) used.delete(place);
      else used.set(place, now);
    }
  };
  return {
    enter(places, bytes) {
      if (places.some((place) => (used.get(place) ?? 0) + bytes > perPlace)) return { full: 'place' };
      if (usedByAll + bytes > all) return { full: 'all' };
      add(places, bytes);
      let isIn = true;
      return {
        leave() {
          if (isIn) add(places, -bytes);
          isIn = false;
        },
      };
    },
  };
}
