/** One value that others can follow. */
export interface Observable<Value> {
  get(): Value;
  /** Calls back after each change, until the returned function is called. */
  subscribe(changed: () => void): () => void;
}

export interface Settable<Value> extends Observable<Value> {
  set(value: Value): void;
}

export function createValue<Value>(initial: Value): Settable<Value> {
  let value = initial;
  const followers = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      // A copy: a follower may leave or add others while it is called.
      for (const changed of [...followers]) changed();
    },
    subscribe(changed) {
      followers.add(changed);
      return () => followers.delete(changed);
    },
  };
}
