/** ` (did you mean "interval"?)` when a known word is close to the written one, else ''. */
export function suggest(written: string, known: readonly string[]): string {
  const word = findNearest(written, known);
  return word === null ? '' : ` (did you mean "${word}"?)`;
}

/** The known word that was probably meant; null when none is close. */
export function findNearest(written: string, known: readonly string[]): string | null {
  const plain = normalise(written);
  let best: { word: string; distance: number } | null = null;
  for (const word of known) {
    const distance = editDistance(plain, normalise(word));
    if (best === null || distance < best.distance) best = { word, distance };
  }
  // Two typos leave a long word recognizable, but turn a short one into another word.
  const allowed = Math.min(3, Math.ceil(plain.length / 3));
  return best !== null && best.distance <= allowed ? best.word : null;
}

/** `dead_after` and `DeadAfter` are other spellings of `deadAfter`. */
function normalise(word: string): string {
  return word.slice(0, 64).toLowerCase().replaceAll(/[_-]/g, '');
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
