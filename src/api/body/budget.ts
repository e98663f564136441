/** Counts the bytes of bodies being received, per source and in total. */
export interface BodyBudget {
  /** Reserves bytes until `leave`, which may be called again; or names the limit that is reached. */
  enter(places: readonly string[], bytes: number): { leave(): void } | { full: 'place' | 'all' };
}

export interface BodyLimits {
  /** For one address, and for one tenant. */
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
