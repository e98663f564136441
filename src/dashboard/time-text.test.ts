import { describe, expect, test } from 'vitest';
import { agoText, percentText, secondsText, spanText } from './time-text.ts';

const AT = '2026-01-02T03:04:05.000Z';
const now = Date.parse(AT);

describe('time in words', () => {
  test('names the two largest units', () => {
    const spans: [number, string][] = [
      [0, '0s'],
      [-5_000, '0s'],
      [59_400, '59s'],
      [60_000, '1m'],
      [184_000, '3m 4s'],
      [3_600_000, '1h'],
      [3_605_000, '1h'],
      [18_720_000, '5h 12m'],
      [90_000_000, '1d 1h'],
    ];
    for (const [ms, text] of spans) expect(spanText(ms), String(ms)).toBe(text);
  });

  test('says which way', () => {
    expect(agoText(AT, now + 1_000)).toBe('just now');
    expect(agoText(AT, now + 184_000)).toBe('3m 4s ago');
    expect(agoText(AT, now - 18_720_000)).toBe('in 5h 12m');
  });

  test('keeps a tenth of a second where it matters', () => {
    expect([0.62, 12.4, 184].map(secondsText)).toEqual(['0.6 s', '12 s', '3m 4s']);
  });
});

test('a share is never rounded up to perfect', () => {
  expect([1, 0, 0.5, 0.9987, 0.99999, 0.999999999].map(percentText)).toEqual([
    ...['100 %', '0 %', '50.0 %', '99.87 %', '99.999 %', '99.999 %'],
  ]);
});
