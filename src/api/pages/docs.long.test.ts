import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findOverflow, type Look, openBrowser, withPage } from '../../lab/browser.fixture.ts';
import { type ApiBench, createApiBench } from '../api.fixture.ts';
import { type ApiServer, startServer } from '../server.ts';

// The page at /docs in a real browser. It loads nothing from elsewhere, its own policy blocks nothing of it
// (`withPage` checks both), and the keyboard is enough.

const port = 28_764;
const url = `http://localhost:${port}`;
/** Where to put screenshots for a person to look at; usually unset. */
const gallery = process.env.ORION_GALLERY;
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let browser: Browser;
let bench: ApiBench;
let server: ApiServer;

beforeAll(async () => {
  browser = await openBrowser();
  bench = await createApiBench();
  server = await startServer({ app: bench.app, listen: { kind: 'tcp', host: '127.0.0.1', port }, logger });
});
afterAll(async () => {
  await browser?.close();
  bench?.watch.close();
  await server?.close();
});

/** The keyboard test uses the other extreme: wide and light. */
const NARROW: Look = { theme: 'dark', width: 390, height: 844 };

async function expectToFit(page: Page, name: string): Promise<void> {
  if (gallery) {
    await mkdir(gallery, { recursive: true });
    await page.screenshot({ path: join(gallery, `docs-${name}.png`) });
    await page.screenshot({ path: join(gallery, `docs-full-${name}.png`), fullPage: true });
  }
  expect(await findOverflow(page)).toEqual([]);
}

test('it shows every call, and fits on a telephone', async () => {
  await withPage(browser, url, NARROW, async (page) => {
    await page.goto('/docs#/rentals/rent');
    await page.locator('.opblock.is-open .responses-wrapper').waitFor();
    expect(await page.locator('.opblock').count()).toBeGreaterThan(40);
    await expectToFit(page, 'narrow');
  });
});

test('with the keyboard alone a call is found, tried with a token, and answered', async () => {
  await withPage(browser, url, {}, async (page) => {
    await page.goto('/docs');
    await page.locator('.opblock').first().waitFor();
    await page.getByRole('button', { name: 'Authorize' }).press('Enter');
    await page.getByLabel('auth-bearer-value').fill(bench.tokens.anna);
    await page.getByRole('button', { name: 'Apply credentials' }).first().press('Enter');
    await page.locator('.close-modal').press('Enter');
    const call = page.locator('#operations-rentals-listRentals');
    await call.locator('button.opblock-summary-control').press('Enter');
    await call.getByRole('button', { name: 'Try it out' }).press('Enter');
    await call.getByRole('button', { name: 'Execute' }).press('Enter');
    await call.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    expect(await call.locator('.live-responses-table').innerText()).toContain('"nextCursor": null');
    await expectToFit(page, 'wide');
  });
});
