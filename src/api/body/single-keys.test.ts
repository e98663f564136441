import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProblemError } from '../problem.ts';
import { requireSingleKeys } from './single-keys.ts';

function refusal(text: string): Pick<ProblemError, 'code' | 'message' | 'errors'> {
  try {
    requireSingleKeys(text);
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error(`not refused: ${text}`);
}

test.each([
  ['ttl', '{"ttl":"1h","ttl":"2h"}'],
  ['ttl', '{"ttl":{"ttl":1},"ttl":2}'],
  ['ttl', String.raw`{"ttl":1,"\u0074tl":2}`],
  ['selector.matchLabels.size', '{"selector":{"zone":null,"matchLabels":{"size":"a","size":"a"}}}'],
  ['keys.1.name', '{"keys":[{"name":1},{"name":[1,2],"name":2}]}'],
  ['__proto__', '{"__proto__":1,"__proto__":2}'],
  [`a"}{b`, String.raw`{"a\"}{b":1,"a\"}{b":2}`],
])('a key that stands twice is refused with its path: %s', (path, text) => {
  expect(refusal(text)).toMatchObject({ code: 'malformed_request', errors: [{ path }] });
});

test.each([
  '{"ttl":',
  '',
  '{"a":"\n"}',
  "{'a':1}",
  '{"a":1,}',
  '}}',
  '{"\\x":1}',
  `"${'\\"'.repeat(100_000)}`,
])('of what is no JSON nothing is said: %#', (text) => {
  requireSingleKeys(text);
  expect(() => JSON.parse(text)).toThrow(SyntaxError);
});

test('what is nested without end is refused, and nothing recurses over it', () => {
  for (const text of ['['.repeat(100_000) + ']'.repeat(100_000), `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`]) {
    expect(refusal(text).message).toContain('32 levels');
  }
});

test('nothing else is refused', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => requireSingleKeys(JSON.stringify(value))));
});
