/** Randomness from a seed: the same seed and name give the same numbers on every machine. */
export interface Chance {
  /** 0 (included) to 1 (excluded). */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  isLucky(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /**
   * A stream of its own. Each part of the world draws from one, so that a history stays as close to the original as
   * it can when something is dropped from it.
   */
  fork(name: string): Chance;
}

export function createChance(seed: number, name = ''): Chance {
  let state = hash(`${seed}/${name}`);
  // mulberry32: 32 bits of state, and good enough to choose what goes wrong.
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    isLucky: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
    fork: (fork) => createChance(seed, `${name}/${fork}`),
  };
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  // FNV leaves similar inputs close to each other in the upper bits.
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return value ^ (value >>> 13);
}
