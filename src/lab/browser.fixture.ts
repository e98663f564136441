import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page, type Request } from 'playwright-core';
import { expect } from 'vitest';

// A real browser for the tests of the dashboard.

const CHROMIUM = '/usr/bin/chromium';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type Theme = 'light' | 'dark';
export interface Look {
  theme?: Theme;
  width?: number;
  height?: number;
}

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    // The tests run as root, and the browser must not look up or load anything from elsewhere.
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
}

/**
 * One person's view of the dashboard at `url`, whose certificate is the lab's own. Fails if the page logs an error,
 * breaks its own content policy or requests anything from another server.
 */
export async function withPage(
  browser: Browser,
  url: string,
  look: Look,
  run: (page: Page) => Promise<void>,
): Promise<void> {
  const { theme = 'light', width = 1440, height = 900 } = look;
  const context = await browser.newContext({
    baseURL: url,
    ignoreHTTPSErrors: true,
    colorScheme: theme,
    viewport: { width, height },
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const complaints = listen(page, new URL(url).origin);
    const failed: string[] = [];
    page.on('requestfailed', (request) => failed.push(`${request.failure()?.errorText} ${request.url()}`));
    page.on('response', (response) => {
      if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
    });
    await run(page).catch(async (error: Error) => {
      const text = await page.innerText('main', { timeout: 2_000 }).catch(() => 'nothing');
      const told = JSON.stringify({ complaints, failed });
      error.message += `\nThe page at ${page.url()} told ${told} and showed: ${text.slice(0, 500)}`;
      throw error;
    });
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}

function listen(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused call is an answer like any other; the page shows what it says.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isAnswer) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const asked = new URL(request.url());
    if (asked.protocol.startsWith('http') && asked.origin !== origin) complaints.push(`asked ${asked}`);
  });
  return complaints;
}

/** Chromium breaks off whatever it loads when a network device comes or goes, as those of other tests do. */
async function load(page: Page, path: string): Promise<void> {
  let isCutOff = false;
  const note = (request: Request) => {
    isCutOff ||= request.failure()?.errorText === 'net::ERR_NETWORK_CHANGED';
  };
  page.on('requestfailed', note);
  for (let tries = 1; tries === 1 || (isCutOff && tries <= 10); tries++) {
    isCutOff = false;
    await page.goto(path).catch((error: unknown) => {
      if (!isCutOff) throw error;
    });
  }
  page.off('requestfailed', note);
}

export async function signIn(page: Page, token: string, path = '/'): Promise<void> {
  await load(page, path);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
}

/** What axe-core finds against WCAG 2.1 AA and good practice: the rule, its severity, and where. */
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

/** The last five elements that stick out of the window, and where they end; none if the page fits. */
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

/** The part of the browser's document used here. These tests are compiled without the browser's types. */
interface BrowserDocument {
  documentElement: { clientWidth: number; scrollWidth: number };
  querySelectorAll(selector: string): Iterable<{
    tagName: string;
    className: string;
    getBoundingClientRect(): { right: number };
  }>;
}
