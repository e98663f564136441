import TinyQueue from 'tinyqueue';

/**
 * What the next pass has to check. A mark only says that something may have changed: a needless mark costs time, and
 * the resync makes up for a missing one.
 */
export interface Due {
  markNode(name: string): void;
  markRental(id: string): void;
  /** Marks a rental or node at a later time. Each key has one time; the earliest wins. */
  markAt(key: DueKey, at: Date): void;
  take(now: Date): { nodes: string[]; rentals: string[] };
  hasAny(): boolean;
  clear(): void;
}

export type DueKey = `node/${string}` | `rental/${string}`;

interface Timer {
  key: DueKey;
  atMs: number;
}

export function createDue(onMark: () => void): Due {
  const nodes = new Set<string>();
  const rentals = new Set<string>();
  /** The valid time of each key. A timer with another time was replaced by an earlier one. */
  const times = new Map<DueKey, number>();
  let timers = createTimers();

  function takeTimed(now: Date): void {
    for (let next = timers.peek(); next && next.atMs <= now.getTime(); next = timers.peek()) {
      timers.pop();
      const { key, atMs } = next;
      if (times.get(key) !== atMs) continue;
      times.delete(key);
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
      const atMs = at.getTime();
      if (atMs >= (times.get(key) ?? Number.POSITIVE_INFINITY)) return;
      times.set(key, atMs);
      timers.push({ key, atMs });
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
      times.clear();
      timers = createTimers();
    },
  };
}

function createTimers(): TinyQueue<Timer> {
  return new TinyQueue<Timer>([], (a, b) => a.atMs - b.atMs);
}
