import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  findBarriers,
  findOverflow,
  type Look,
  openBrowser,
  signIn,
  withPage,
} from '../lab/browser.fixture.ts';
import { type ApiBench, createApiBench, now } from './api.fixture.ts';
import { fillLarge, fillSmall } from './gallery.fixture.ts';
import { type ApiServer, startServer } from './server.ts';

// Every page in a real browser, on a store in memory: what a lab shows seldom, such as each state at once, long names,
// two hundred nodes, or nothing at all.

const port = 28_760;
/** Where to put what was seen, to be looked at by a person; nowhere, usually. */
const gallery = process.env.ORION_GALLERY;
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let browser: Browser;
let bench: ApiBench;
let server: ApiServer | null = null;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());
afterEach(async () => {
  bench?.watch.close();
  await server?.close();
  server = null;
});

async function serve(fill: (bench: ApiBench) => unknown): Promise<void> {
  bench = await createApiBench();
  await fill(bench);
  server = await startServer({ app: bench.app, listen: { kind: 'tcp', host: '127.0.0.1', port }, logger });
}

/** Each page once it is filled: nobody is kept from using it, and it fits into the window. */
async function look(
  who: 'admin' | 'anna',
  at: Look,
  pages: readonly (readonly [path: string, name: string])[],
): Promise<void> {
  await withPage(browser, `http://localhost:${port}`, at, async (page) => {
    await page.clock.setSystemTime(now);
    await signIn(page, bench.tokens[who]);
    for (const [path, name] of pages) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
      await expect.poll(() => page.locator('.loading').count()).toBe(0);
      if (gallery) {
        await mkdir(gallery, { recursive: true });
        const file = `${name}-${at.theme}-${at.width}.png`;
        await page.screenshot({ path: join(gallery, file), fullPage: true });
      }
      expect(await findBarriers(page), path).toEqual([]);
      expect(await findOverflow(page), path).toEqual([]);
    }
  });
}

const LOOKS: Look[] = [
  { theme: 'light', width: 1440, height: 900 },
  { theme: 'dark', width: 390, height: 844 },
  ...(gallery
    ? ([
        { theme: 'dark', width: 1440, height: 900 },
        { theme: 'light', width: 390, height: 844 },
      ] as const)
    : []),
];

describe.each(LOOKS)('$theme, $width pixels wide', (at) => {
  test('a fleet with everything in it', async () => {
    await serve(fillSmall);
    const { items } = (await (await bench.call('admin', 'GET /api/rentals')).json()) as {
      items: { id: string; name: string }[];
    };
    const id = (name: string) => items.find((rental) => rental.name === name)?.id;
    await look('admin', at, [
      ['/', 'fleet'],
      ['/nodes/worker_3', 'node-dead'],
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
    await serve((filled) => fillLarge(filled, 200));
    await look('admin', at, [['/', 'fleet-200']]);
    bench.watch.close();
    await server?.close();
    await serve(() => undefined);
    const empty = ['/', '/rentals', '/queue', '/events'].map(
      (path) => [path, `empty${path.replace('/', '-')}`] as const,
    );
    await look('admin', at, empty);
  });
});
