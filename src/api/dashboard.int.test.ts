import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Look } from '../lab/browser.fixture.ts';
import { fillLarge, fillSmall } from './gallery.fixture.ts';
import { expectUsable, type Gallery, LOOKS, openGallery } from './gallery-page.fixture.ts';

// Every page in a real browser, on a store in memory: what a lab shows seldom, such as each state at once, long names,
// two hundred nodes, or nothing at all.

let gallery: Gallery;
beforeAll(async () => {
  gallery = await openGallery(28_760);
});
afterAll(() => gallery?.close());

/** Each page once it is filled: nobody is kept from using it, and it fits into the window. */
async function look(
  who: 'admin' | 'anna',
  at: Look,
  pages: readonly (readonly [path: string, name: string])[],
): Promise<void> {
  await gallery.visit(who, at, async (page) => {
    for (const [path, name] of pages) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
      await expectUsable(page, at, name);
    }
  });
}

describe.each(LOOKS)('$theme, $width pixels wide', (at) => {
  test('a fleet with everything in it', async () => {
    const bench = await gallery.serve(fillSmall);
    const { items } = (await (await bench.call('admin', 'GET /api/rentals')).json()) as {
      items: { id: string; name: string }[];
    };
    const id = (name: string) => items.find((rental) => rental.name === name)?.id;
    await look('admin', at, [
      ['/', 'fleet'],
      ['/nodes/worker_3', 'node-dead'],
      ['/nodes/worker_8', 'node-kept'],
      ['/rentals', 'rentals'],
      [`/rentals/${id('build-box')}`, 'rental'],
      [`/rentals/${id('first-in-line')}`, 'rental-waiting'],
      ['/queue', 'queue'],
      ['/events', 'events'],
      ['/quality', 'quality'],
    ]);
    await look('anna', at, [['/', 'fleet-tenant']]);
  });

  test('a large fleet, and an empty one', async () => {
    await gallery.serve((filled) => fillLarge(filled, 200));
    await look('admin', at, [['/', 'fleet-200']]);
    await gallery.serve(() => undefined);
    const empty = ['/', '/rentals', '/queue', '/events'].map(
      (path) => [path, `empty${path.replace('/', '-')}`] as const,
    );
    await look('admin', at, empty);
  });
});
