import { expect, test } from 'vitest';
import { nodePath, parseRoute, rentalPath } from './route.ts';

test('an address says what one looks at', () => {
  expect(['/', '/rentals', '/queue', '/events', '/quality'].map((path) => parseRoute(path).page)).toEqual([
    ...['fleet', 'rentals', 'queue', 'events', 'quality'],
  ]);
  expect(parseRoute('/nodes/worker_1')).toEqual({ page: 'node', name: 'worker_1' });
  expect(parseRoute('/rentals/r_1')).toEqual({ page: 'rental', id: 'r_1' });
});

test('names are read back as they were written', () => {
  for (const name of ['a.b', 'a/b', 'ä %', '..']) {
    expect(parseRoute(nodePath(name))).toEqual({ page: 'node', name });
    expect(parseRoute(rentalPath(name))).toEqual({ page: 'rental', id: name });
  }
});

test('anything else is nothing', () => {
  for (const path of ['/nodes', '/nodes/', '/nodes/a/b', '/nodes/%', '/elsewhere/x', '/x', '']) {
    expect(parseRoute(path).page, path).toBe('unknown');
  }
});
