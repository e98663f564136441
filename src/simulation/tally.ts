/** Counts what happened, so that a campaign can show that it saw the rare things. */
export interface Tally {
  count(name: string): void;
  readonly counts: Map<string, number>;
}

export function createTally(): Tally {
  const counts = new Map<string, number>();
  return { counts, count: (name) => void counts.set(name, (counts.get(name) ?? 0) + 1) };
}

export function addTally(into: Map<string, number>, counts: Iterable<[string, number]>): void {
  for (const [name, count] of counts) into.set(name, (into.get(name) ?? 0) + count);
}
