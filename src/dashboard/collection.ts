import { createValue, type Observable } from './observable.ts';

/** Objects of one kind as a watch reports them. */
export interface Collection<Item> {
  /** A new map after each change; changes that come together make one. */
  readonly items: Observable<ReadonlyMap<string, Item>>;
  /** True once every object has been reported. */
  readonly isComplete: Observable<boolean>;
  put(item: Item): void;
  /** Takes the answer to a write, unless the object is no longer `before`: the watch has reported a newer one. */
  replace(before: Item | undefined, item: Item): void;
  remove(key: string): void;
  /** Begins a full listing: `sync` drops every object that was not put since. */
  begin(): void;
  sync(): void;
  clear(): void;
}

/** `soon` puts off the notification until the next paint, so that ten thousand objects are drawn once. */
export function createCollection<Item>(
  keyOf: (item: Item) => string,
  soon: (work: () => void) => void,
): Collection<Item> {
  const all = new Map<string, Item>();
  const items = createValue<ReadonlyMap<string, Item>>(new Map());
  const isComplete = createValue(false);
  let seen = new Set<string>();
  let isWaiting = false;

  function tell(): void {
    if (isWaiting) return;
    isWaiting = true;
    soon(() => {
      isWaiting = false;
      items.set(new Map(all));
    });
  }

  function put(item: Item): void {
    const key = keyOf(item);
    seen.add(key);
    all.set(key, item);
    tell();
  }

  return {
    items,
    isComplete,
    put,
    replace(before, item) {
      if (all.get(keyOf(item)) === before) put(item);
    },
    remove(key) {
      if (all.delete(key)) tell();
    },
    begin() {
      seen = new Set();
    },
    sync() {
      for (const key of [...all.keys()]) if (!seen.has(key)) all.delete(key);
      items.set(new Map(all));
      isComplete.set(true);
    },
    clear() {
      all.clear();
      items.set(new Map());
      isComplete.set(false);
    },
  };
}
