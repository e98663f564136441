import { parseKindAndName } from './arguments.ts';

const LOOKING = ['get', 'describe'];
/** Options of `get` and `describe` that take a value. */
const WITH_VALUE = ['-o', '--output'];

/**
 * Reorders command lines typed as for kubectl into the order that commander expects: `get rental/mine` becomes `get
 * rental mine`, and `get -o json rentals` becomes `get rentals -o json`. All others stay as they are.
 */
export function putKindFirst(argv: readonly string[]): string[] {
  const [verb = '', ...rest] = argv;
  if (!LOOKING.includes(verb)) return [...argv];
  let at = 0;
  while (rest[at]?.startsWith('-')) at += WITH_VALUE.includes(rest[at] as string) ? 2 : 1;
  const word = rest[at];
  if (word === undefined) return [...argv];
  const named = parseKindAndName(word);
  const words = named === null ? [word] : [named.kind, named.name];
  return [verb, ...words, ...rest.slice(0, at), ...rest.slice(at + 1)];
}
