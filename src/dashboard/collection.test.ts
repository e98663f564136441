import { expect, test } from 'vitest';
import { createCollection } from './collection.ts';

function open() {
  const waiting: (() => void)[] = [];
  const collection = createCollection<{ name: string; n: number }>(
    ({ name }) => name,
    (work) => waiting.push(work),
  );
  let news = 0;
  collection.items.subscribe(() => news++);
  const paint = () => {
    for (const work of waiting.splice(0)) work();
  };
  return { collection, paint, names: () => [...collection.items.get().keys()], news: () => news };
}

test('many changes are told once, when the browser paints', () => {
  const { collection, paint, names, news } = open();
  for (let n = 0; n < 1_000; n++) collection.put({ name: `w${n % 10}`, n });
  expect([names(), news()]).toEqual([[], 0]);
  paint();
  expect([names().length, news()]).toEqual([10, 1]);
  expect(collection.items.get().get('w9')).toEqual({ name: 'w9', n: 999 });
});

test('the answer to a write does not replace what the watch has reported since', () => {
  const { collection, paint } = open();
  const seen = { name: 'a', n: 1 };
  collection.put(seen);
  collection.replace(seen, { name: 'a', n: 2 });
  paint();
  expect(collection.items.get().get('a')).toEqual({ name: 'a', n: 2 });
  collection.put({ name: 'a', n: 4 });
  collection.replace(seen, { name: 'a', n: 3 });
  collection.replace(undefined, { name: 'a', n: 3 });
  collection.replace(undefined, { name: 'new', n: 1 });
  paint();
  expect([...collection.items.get().values()]).toEqual([
    { name: 'a', n: 4 },
    { name: 'new', n: 1 },
  ]);
});

test('what a new snapshot does not have is gone, and nothing is while a watch merely goes on', () => {
  const { collection, paint, names } = open();
  collection.begin();
  for (const name of ['a', 'b']) collection.put({ name, n: 1 });
  expect(collection.isComplete.get()).toBe(false);
  collection.sync();
  expect([names(), collection.isComplete.get()]).toEqual([['a', 'b'], true]);
  collection.begin();
  collection.put({ name: 'b', n: 2 });
  paint();
  expect(names()).toEqual(['a', 'b']);
  collection.begin();
  collection.put({ name: 'b', n: 3 });
  collection.put({ name: 'c', n: 1 });
  collection.sync();
  expect(names()).toEqual(['b', 'c']);
  collection.remove('c');
  paint();
  expect(names()).toEqual(['b']);
});
