import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText } from './escape-text.ts';

describe('text from elsewhere', () => {
  it.each([
    ['a terminal sequence', '\u001b[2Jevil', '\\x1b[2Jevil'],
    ['several lines', ' one\r\n\ttwo \n', 'one two'],
    ['line ends of Unicode', 'a\u2028b\u0085c', 'a b\\x85c'],
    ['a change of direction', 'a\u202etxt.exe', 'a\\u{202e}txt.exe'],
    ['what can not be seen', 'a\u200bb\u00adc\u{e0041}', 'a\\u{200b}b\\xadc\\u{e0041}'],
    ['half a pair', 'a\ud800b', 'a\\u{d800}b'],
    ['a null', 'a\0b', 'a\\x00b'],
    ['people’s own letters', 'Größe 数 😀', 'Größe 数 😀'],
  ])('shows %s and obeys nothing', (_name, text, expected) => {
    expect(escapeText(text, 100)).toBe(expected);
  });

  it('is as long as asked for at most, and shows that it was cut', () => {
    expect(escapeText('abc', 3)).toBe('abc');
    expect(escapeText('abcd', 3)).toBe('ab…');
    expect(escapeText('\u001b'.repeat(1_000_000), 300)).toHaveLength(300);
    expect(escapeText(`${' '.repeat(1_000_000)}x`, 300)).toBe('');
  });

  it('is one bounded line without anything to obey, whatever came', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(anything, (text) => {
        const line = escapeText(text, 50);
        expect(line.length).toBeLessThanOrEqual(50);
        // A cut may halve a surrogate pair, which is not displayed but does no harm.
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(line).not.toMatch(/\s\s/);
      }),
    );
  });
});
