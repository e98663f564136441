import { expect, test } from 'vitest';
import { aNode } from '../rows.fixture.ts';
import { diffInventory, sliceDiff, whyTooMuch } from './inventory.ts';
import type { NodeSpec } from './node.ts';

function spec(name: string, more: Partial<NodeSpec> = {}): NodeSpec {
  return {
    name,
    host: '127.0.0.1',
    port: 22,
    user: 'root',
    privateKeyPath: '/k',
    pinnedHostKey: null,
    clientHost: '127.0.0.1',
    clientPort: 22,
    zone: null,
    labels: { a: '1', b: '2' },
    retiring: false,
    ...more,
  };
}

const nodesOf = (specs: NodeSpec[], fresh = 0) =>
  specs.map((each, index) =>
    aNode(each.name, { spec: each, ...(index < fresh ? { record: { preparedAt: null } } : {}) }),
  );

test('nothing differs, whatever the order of nodes and labels', () => {
  const diff = diffInventory([spec('a'), spec('b')], [spec('b', { labels: { b: '2', a: '1' } }), spec('a')]);
  expect(diff).toEqual({ added: [], changed: [], removed: [] });
});

test('added, changed and removed; a renamed node is one removed and one added', () => {
  const diff = diffInventory(
    [spec('a'), spec('b'), spec('c')],
    [spec('a', { port: 23, labels: {} }), spec('b'), spec('d')],
  );
  expect(diff.added.map((node) => node.name)).toEqual(['d']);
  expect(diff.changed.map(({ name, keys }) => ({ name, keys }))).toEqual([
    { name: 'a', keys: ['port', 'labels'] },
  ]);
  expect(diff.removed.map((node) => node.name)).toEqual(['c']);
});

test('a retiring node is not removed twice, and is changed when it is wanted again', () => {
  const retiring = spec('a', { retiring: true });
  expect(diffInventory([retiring], [])).toEqual({ added: [], changed: [], removed: [] });
  expect(diffInventory([retiring], [spec('a')]).changed[0]?.keys).toEqual(['retiring']);
});

test.each([
  [5, 2, false],
  [5, 3, true],
  [2, 1, true],
  [10, 4, false],
  [1, 0, false],
])('of %i nodes, taking out %i at once needs force: %s', (total, gone, isTooMuch) => {
  const current = Array.from({ length: total }, (_, index) => spec(`n${index}`));
  const why = whyTooMuch(nodesOf(current), diffInventory(current, current.slice(gone)));
  expect(why !== null).toBe(isTooMuch);
});

test('nodes that are on their way out already count on neither side', () => {
  const current = [
    spec('a'),
    spec('b'),
    spec('c'),
    spec('d', { retiring: true }),
    spec('e', { retiring: true }),
  ];
  expect(whyTooMuch(nodesOf(current), diffInventory(current, current.slice(1)))).toBe(null);
  expect(whyTooMuch(nodesOf(current), diffInventory(current, current.slice(2)))).toMatch(
    '2 of 3 nodes (67 %)',
  );
});

test('nodes that were never verified may go in any number, and make the rest no larger', () => {
  const current = Array.from({ length: 10 }, (_, index) => spec(`n${index}`));
  const fresh = nodesOf(current, 6);
  expect(whyTooMuch(fresh, diffInventory(current, current.slice(6)))).toBe(null);
  expect(whyTooMuch(fresh, diffInventory(current, current.slice(7)))).toBe(null);
  expect(whyTooMuch(fresh, diffInventory(current, current.slice(8)))).toMatch('2 of 4 nodes (50 %)');
});

test('changes are cut into parts that lose none and keep their order', () => {
  const current = Array.from({ length: 5 }, (_, index) => spec(`old${index}`));
  const moved = current.slice(0, 3).map((each) => ({ ...each, port: 23 }));
  const fresh = Array.from({ length: 4 }, (_, index) => spec(`new${index}`));
  const diff = diffInventory(current, [...moved, ...fresh]);
  const namesOf = (parts: { name: string }[]) => parts.map(({ name }) => name);
  for (const size of [1, 2, 3, 4, 9, 100]) {
    const slices = sliceDiff(diff, size);
    const parts = slices.map(({ added, changed, removed }) => namesOf([...added, ...changed, ...removed]));
    expect(parts.every((part) => part.length <= size)).toBe(true);
    expect(parts).toHaveLength(Math.ceil(9 / size));
    expect(parts.flat()).toEqual(namesOf([...diff.added, ...diff.changed, ...diff.removed]));
  }
  expect(sliceDiff(diffInventory(current, current), 10)).toEqual([{ added: [], changed: [], removed: [] }]);
});
