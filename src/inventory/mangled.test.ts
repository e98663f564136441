import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseInventory } from './load.ts';

const SOUND = `policy:
  probe: { interval: 30s, deadAfter: 5s } # a comment
  lease:
    default: 6h
defaults: { host: "\u0024{HOST:-h}", labels: &l { size: small } }
nodes:
  - { name: a, port: 1, labels: *l }
  - name: b
    port: 2
`;
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ': ',
  ',',
  '&x ',
  '*x',
  '"',
  "'",
  '\t',
  '\n',
  '- ',
  '? ',
  '!!map ',
  '|',
  '\u0024{',
];

test('whatever a slip of the hand does to a file, the answer is an inventory or problems with their place', () => {
  const slip = fc.tuple(
    fc.nat(SOUND.length),
    fc.nat(5),
    fc.constantFrom(...PIECES, '', '\0', '__proto__: 1\n'),
  );
  fc.assert(
    fc.property(fc.array(slip, { minLength: 1, maxLength: 4 }), (slips) => {
      let text = SOUND;
      for (const [at, length, piece] of slips) text = text.slice(0, at) + piece + text.slice(at + length);
      const result = parseInventory(text, 'f', {});
      if (result.ok) return;
      expect(result.problems).not.toHaveLength(0);
      for (const problem of result.problems) expect(problem).toMatch(/^f:[1-9]\d*:[1-9]\d*: \S/);
    }),
    { numRuns: 500 },
  );
});
