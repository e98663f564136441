import { ProblemError } from '../problem.ts';

/** Deeper than any body of the API. Whatever walks over the value, such as zod, would recurse as deep. */
const MAX_DEPTH = 32;

interface Level {
  /** Null: an array. */
  keys: Set<string> | null;
  /** The current key or index. */
  at: string | number;
  isKeyNext: boolean;
}

/**
 * Refuses JSON with a repeated key: it has two meanings, and JSON.parse silently takes the last. Runs before
 * JSON.parse, which takes seconds over millions of brackets. For text that is not JSON this may pass, or report
 * another mistake in it.
 */
export function requireSingleKeys(text: string): void {
  const levels: Level[] = [];
  for (let index = 0; index < text.length; index++) {
    const level = levels.at(-1);
    const letter = text[index];
    // Numbers, literals and colons do not matter here.
    if (letter === '{' || letter === '[') {
      if (levels.length === MAX_DEPTH) {
        throw new ProblemError('malformed_request', `the body is nested more than ${MAX_DEPTH} levels deep`);
      }
      const isObject = letter === '{';
      levels.push({ keys: isObject ? new Set() : null, at: isObject ? '' : 0, isKeyNext: isObject });
    } else if (letter === '}' || letter === ']') levels.pop();
    else if (letter === ',' && level !== undefined) {
      if (typeof level.at === 'number') level.at++;
      else level.isKeyNext = true;
    } else if (letter === '"') {
      const end = findEndOfString(text, index);
      if (level?.isKeyNext) {
        level.at = readKey(text.slice(index, end + 1));
        level.isKeyNext = false;
        if (level.keys?.has(level.at)) throw describeTwice(levels);
        level.keys?.add(level.at);
      }
      index = end;
    }
  }
}

/** Finds the quote that ends the string starting at `start`: the first after an even number of backslashes. */
function findEndOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** Resolves escapes: `"\u0074tl"` is the key `ttl`. */
function readKey(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}

function describeTwice(levels: Level[]): ProblemError {
  const path = levels.map(({ at }) => at).join('.');
  const message = 'appears twice';
  return new ProblemError('malformed_request', `${path}: ${message}`, { errors: [{ path, message }] });
}
