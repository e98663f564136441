import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import {
  findBarriers,
  findOverflow,
  type Look,
  openBrowser,
  signIn,
  withPage,
} from '../../lab/browser.fixture.ts';
import { type ApiBench, createApiBench, now } from '../api.fixture.ts';
import { type ApiServer, startServer } from '../server.ts';

// The dashboard in a real browser, on an in-memory store that a test fills.

/** Where to put screenshots for a person to look at; usually unset. */
const folder = process.env.ORION_GALLERY;
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Each theme and each width; all four combinations when somebody will look at them. */
export const LOOKS: Look[] = [
  { theme: 'light', width: 1440, height: 900 },
  { theme: 'dark', width: 390, height: 844 },
  ...(folder
    ? ([
        { theme: 'dark', width: 1440, height: 900 },
        { theme: 'light', width: 390, height: 844 },
      ] as const)
    : []),
];

export interface Gallery {
  /** Replaces what was served before. */
  serve(fill: (bench: ApiBench) => unknown): Promise<ApiBench>;
  /** Signs in as that person and opens a page on what is served. */
  visit(who: 'admin' | 'anna', at: Look, run: (page: Page) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export async function openGallery(port: number): Promise<Gallery> {
  const browser: Browser = await openBrowser();
  let bench: ApiBench | null = null;
  let server: ApiServer | null = null;
  const stop = async () => {
    bench?.watch.close();
    await server?.close();
    server = null;
  };
  return {
    async serve(fill) {
      await stop();
      const filled = await createApiBench();
      bench = filled;
      await fill(filled);
      const listen = { kind: 'tcp', host: '127.0.0.1', port } as const;
      server = await startServer({ app: filled.app, listen, logger });
      return filled;
    },
    async visit(who, at, run) {
      const token = bench?.tokens[who] ?? '';
      await withPage(browser, `http://localhost:${port}`, at, async (page) => {
        await page.clock.setSystemTime(now);
        await signIn(page, token);
        await run(page);
      });
    },
    async close() {
      await browser.close();
      await stop();
    },
  };
}

/** The current view must be accessible and fit into the window. `name` is the screenshot's. */
export async function expectUsable(page: Page, at: Look, name: string): Promise<void> {
  await expect.poll(() => page.locator('.loading').count()).toBe(0);
  if (folder) {
    await mkdir(folder, { recursive: true });
    const file = `${name}-${at.theme}-${at.width}.png`;
    await page.screenshot({ path: join(folder, file), fullPage: true });
  }
  expect(await findBarriers(page), name).toEqual([]);
  expect(await findOverflow(page), name).toEqual([]);
}
