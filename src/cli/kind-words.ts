import { parseKindAndName } from './arguments.ts';

const LOOKING = ['get', 'describe'];
/** Those of `get` and `describe` that take a value. */
const WITH_VALUE = ['-o', '--output'];

/**
 * Command lines as kubectl's users type them, in the order that commander wants: `get rental/mine` is
 * `get rental mine`, and `get -o json rentals` is `get rentals -o json`. All others come back as they are.
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
