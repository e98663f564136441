import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

// A real browser for the tests of the page.

const CHROMIUM = '/usr/bin/chromium';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type Theme = 'light' | 'dark';
export interface Look {
  theme?: Theme;
  width?: number;
  height?: number;
}

/** One person's view of the dashboard. */
export interface Visit {
  page: Page;
  /** What the page complained of: errors, and what its own policy refused. Checked when the visit ends. */
  complaints: string[];
  end(): Promise<void>;
}

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    // The tests run as root; and nothing is to be looked up or loaded from elsewhere.
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
}

/** `url`: of the dashboard, whose certificate is the lab's own. */
export async function visit(browser: Browser, url: string, look: Look = {}): Promise<Visit> {
  const { theme = 'light', width = 1440, height = 900 } = look;
  const context: BrowserContext = await browser.newContext({
    ...{ baseURL: url, ignoreHTTPSErrors: true, colorScheme: theme, viewport: { width, height } },
    ...{ reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'UTC' },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused call is an answer like any other; the page shows what it says.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isAnswer) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== new URL(url).origin)
      complaints.push(`asked ${request.url()}`);
  });
  return {
    page,
    complaints,
    async end() {
      await context.close();
      expect(complaints).toEqual([]);
    },
  };
}

export async function signIn(page: Page, token: string, path = '/'): Promise<void> {
  await page.goto(path);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
}

/** What axe-core finds against WCAG 2.1 AA and good practice: which rule, how bad, and where. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResult> } };
    const { violations } = await axe.run();
    return violations.map(
      ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(' | ')}`,
    );
  });
}

interface AxeResult {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}

/** How many pixels the page is wider than the window; and what sticks out. */
export async function findOverflow(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const doc = (globalThis as unknown as { document: BrowserDocument }).document;
    const room = doc.documentElement.clientWidth;
    if (doc.documentElement.scrollWidth <= room) return [];
    const wide = [...doc.querySelectorAll('body *')].filter(
      (each) => each.getBoundingClientRect().right > room + 1,
    );
    return wide
      .slice(-5)
      .map((each) => `${each.tagName}.${each.className} ends at ${each.getBoundingClientRect().right}`);
  });
}

/** As much of the browser's document as is looked at here; these tests are compiled without the browser's types. */
interface BrowserDocument {
  documentElement: { clientWidth: number; scrollWidth: number };
  querySelectorAll(selector: string): Iterable<{
    tagName: string;
    className: string;
    getBoundingClientRect(): { right: number };
  }>;
}
