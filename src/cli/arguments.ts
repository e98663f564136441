import { InvalidArgumentError } from 'commander';
import { DURATION_FORMAT, parseDuration } from '../core/text/duration.ts';
import type { Kind } from './look-up.ts';

/** Parsers of options. Commander prints what they throw and exits with the code for wrong usage. */
export function durationText(text: string): string {
  if (parseDuration(text) === null) throw new InvalidArgumentError(`Expected ${DURATION_FORMAT}.`);
  return text;
}

export function durationMs(text: string): number {
  const parsedMs = parseDuration(text);
  if (parsedMs === null) throw new InvalidArgumentError(`Expected ${DURATION_FORMAT}.`);
  return parsedMs;
}

export function labelPair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Expected KEY=VALUE.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** A whole number above 0, or `all`. */
export function countOrAll(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Expected a number above 0, or all.');
  return Number(text);
}

/** Parses `rental/mine` or `rentals/mine` into kind and name; null for any other text. */
export function parseKindAndName(text: string): { kind: Kind; name: string } | null {
  const [, kind, name] = /^(rental|node)s?\/(.+)$/.exec(text) ?? [];
  return kind === undefined ? null : { kind: kind as Kind, name: name as string };
}

/** `mine`, or `rental/mine` as `-o name` prints it; also `rentals/mine`, as kubectl accepts it. */
export function objectName(kind: Kind): (text: string) => string {
  return (text) => {
    const name = text.replace(new RegExp(`^${kind}s?/`), '');
    if (name === '' || name.includes('/')) throw new InvalidArgumentError(`Expected the name of a ${kind}.`);
    return name;
  };
}

export function objectNames(kind: Kind): (text: string, before?: string[]) => string[] {
  const parse = objectName(kind);
  return (text, before = []) => [...before, parse(text)];
}

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
