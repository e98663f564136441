import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Look } from '../../lab/browser.fixture.ts';
import { fillLarge, fillSmall } from './gallery.fixture.ts';
import { expectUsable, type Gallery, LOOKS, openGallery } from './gallery-page.fixture.ts';

// Every page in a real browser, on an in-memory store. It shows what a lab rarely does: every state at once, long
// names, two hundred nodes, or nothing at all.

let gallery: Gallery;
beforeAll(async () => {
  gallery = await openGallery(28_760);
});
afterAll(() => gallery?.close());

/** Checks each page once it has loaded: it must be accessible and fit into the window. */
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
      ['/nodes/worker_2', 'node-free'],
      ['/nodes/worker_3', 'node-dead'],
      ['/nodes/worker_8', 'node-kept'],
      ['/rentals', 'rentals'],
      [`/rentals/${id('build-box')}`, 'rental'],
      [`/rentals/${id('first-in-line')}`, 'rental-waiting'],
      ['/queue', 'queue'],
      ['/events', 'events'],
      ['/quality', 'quality'],
    ]);
    await look('anna', at, [
      ['/', 'fleet-tenant'],
      [`/rentals/${id('nightly')}`, 'rental-lost'],
    ]);
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

test('what is gone is shown as gone, what is well without an alarm, and who has left by name', async () => {
  const at: Look = { theme: 'light', width: 1440, height: 900 };
  await gallery.serve(fillSmall);
  await gallery.visit('anna', at, async (page) => {
    await page.goto('/');
    await page.locator('.cell.tone-dead').filter({ hasText: 'worker_9' }).getByText('Lost').waitFor();
  });
  await gallery.visit('admin', at, async (page) => {
    await page.goto('/nodes/worker_3');
    await page.getByText('No good answer since').waitFor();
    await page.goto('/nodes/worker_2');
    await page.getByRole('link', { name: 'ended-by-now' }).first().waitFor();
    await page
      .locator('.condition')
      .filter({ hasText: 'Provisioned' })
      .locator('.badge.tone-taken')
      .waitFor();
  });
});
