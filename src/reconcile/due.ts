/**
 * What the next pass has to look at. A mark carries no meaning: it only says that something may have changed, so
 * marking too much costs time and marking too little is mended by the resync.
 */
export interface Due {
  markNode(name: string): void;
  markRental(id: string): void;
  /** Marks a rental or node later; one time per key, the earliest wins. */
  markAt(key: DueKey, at: Date): void;
  take(now: Date): { nodes: string[]; rentals: string[] };
  hasAny(): boolean;
  clear(): void;
}

export type DueKey = `node/${string}` | `rental/${string}`;

export function createDue(onMark: () => void): Due {
  const nodes = new Set<string>();
  const rentals = new Set<string>();
  const later = new Map<DueKey, number>();

  function takeTimed(now: Date): void {
    for (const [key, at] of later) {
      if (at > now.getTime()) continue;
      later.delete(key);
      if (key.startsWith('node/')) nodes.add(key.slice('node/'.length));
      else rentals.add(key.slice('rental/'.length));
    }
  }

  return {
    markNode(name) {
      nodes.add(name);
      onMark();
    },
    markRental(id) {
      rentals.add(id);
      onMark();
    },
    markAt(key, at) {
      later.set(key, Math.min(later.get(key) ?? Number.POSITIVE_INFINITY, at.getTime()));
    },
    take(now) {
      takeTimed(now);
      const taken = { nodes: [...nodes], rentals: [...rentals] };
      nodes.clear();
      rentals.clear();
      return taken;
    },
    hasAny: () => nodes.size > 0 || rentals.size > 0,
    clear() {
      nodes.clear();
      rentals.clear();
      later.clear();
    },
  };
}
