import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  test.each([
    ['6h', 21_600_000],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['90m', 5_400_000],
    ['250ms', 250],
    ['1m250ms', 60_250],
    ['0s', 0],
    ['1h1m1s1ms', 3_661_001],
  ])('%s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test.each(['', '6', '6 h', '-1s', '1.5h', '30m1h', '1s1s', 'h', '6H', '6h\n', '٣s', '1d', '99999999999h'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});

describe('formatDuration', () => {
  test('what it writes is read back as the same number', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000 * 3_600_000 }), (durationMs) => {
        expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
      }),
    );
  });

  test('reads as people write', () => {
    expect(formatDuration(21_600_000)).toBe('6h');
    expect(formatDuration(5_400_000)).toBe('1h30m');
    expect(formatDuration(0)).toBe('0s');
    expect(() => formatDuration(-1)).toThrow(RangeError);
    expect(() => formatDuration(0.5)).toThrow(RangeError);
  });
});
