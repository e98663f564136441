const NOTHING: ReadonlySet<string> = new Set();

/** Sets of names by key. A key without names takes no memory. */
export interface Groups {
  of(key: string): ReadonlySet<string>;
  add(key: string, name: string): void;
  remove(key: string, name: string): void;
}

export function createGroups(): Groups {
  const groups = new Map<string, Set<string>>();
  return {
    of: (key) => groups.get(key) ?? NOTHING,
    add(key, name) {
      const group = groups.get(key);
      if (group) group.add(name);
      else groups.set(key, new Set([name]));
    },
    remove(key, name) {
      const group = groups.get(key);
      if (group?.delete(name) && group.size === 0) groups.delete(key);
    },
  };
}
