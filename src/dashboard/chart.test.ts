import { expect, test } from 'vitest';
import { axisOf, labelled, lowestShareOf, spansOf, stack } from './chart.ts';
import { atSecond } from './dashboard.fixture.ts';

test.each([
  [0, 1, [0, 1]],
  [1, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [7.2, 8, [0, 2, 4, 6, 8]],
  [12, 15, [0, 5, 10, 15]],
  [0.31, 0.4, [0, 0.1, 0.2, 0.3, 0.4]],
  [200, 200, [0, 50, 100, 150, 200]],
])('an axis that holds %f goes to %f', (largest, top, marks) => {
  expect(axisOf(largest)).toEqual({ top, marks });
});

test('every value fits under its axis, which has few marks', () => {
  for (let value = 0.001; value < 1e6; value *= 1.37) {
    const { top, marks } = axisOf(value);
    expect(top).toBeGreaterThanOrEqual(value);
    expect(top).toBeLessThanOrEqual(value * 2.5);
    expect(marks.length).toBeGreaterThanOrEqual(3);
    expect(marks.length).toBeLessThanOrEqual(6);
  }
});

test('bands stand on each other', () => {
  expect(
    stack([
      [1, 2],
      [3, 0],
      [0, 5],
    ]),
  ).toEqual([
    [
      { low: 0, high: 1 },
      { low: 0, high: 2 },
    ],
    [
      { low: 1, high: 4 },
      { low: 2, high: 2 },
    ],
    [
      { low: 4, high: 4 },
      { low: 2, high: 7 },
    ],
  ]);
});

test('labels keep their distance', () => {
  expect(labelled(24, 600, 100)).toEqual([0, 4, 8, 12, 16, 20]);
  expect(labelled(3, 600, 100)).toEqual([0, 1, 2]);
});

test('parts of a window are as wide as they are long', () => {
  const parts = [
    { from: atSecond(0), seconds: 10 },
    { from: atSecond(10), seconds: 30 },
  ];
  expect(spansOf(parts, { from: atSecond(0), seconds: 40 }, 400)).toEqual([
    { x: 0, width: 100 },
    { x: 100, width: 300 },
  ]);
});

test('the axis of shares begins close below the least one', () => {
  expect(lowestShareOf([1, null, 1])).toBe(0.999);
  expect(lowestShareOf([1, 0.995])).toBe(0.99);
  expect(lowestShareOf([0.2, 1])).toBe(0);
  expect(lowestShareOf([null])).toBe(0.999);
});
