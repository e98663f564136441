import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, findOverflow, openBrowser, signIn, type Theme, withPage } from './browser.fixture.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';

// Takes the documents' pictures of a real lab with twelve machines on which a few things have happened.
// ORION_SCREENSHOTS=write puts them where the documents show them; otherwise they are thrown away.

const ZONES = ['rack-a', 'rack-b', 'rack-c'];
const WAIT = { timeout: 90_000, interval: 200 };
const isKept = process.env.ORION_SCREENSHOTS === 'write';

let lab: TestLab;
let browser: Browser;
let folder: string;
beforeAll(async () => {
  folder = isKept
    ? join(import.meta.dirname, '../../docs/screenshots')
    : await mkdtemp(join(tmpdir(), 'orion-screenshots-'));
  await mkdir(folder, { recursive: true });
  lab = await openTestLab({
    basePort: 28_800,
    nodes: 12,
    describe: (i) =>
      `name: worker_${i}, zone: ${ZONES[(i - 1) % 3]}, labels: { size: ${i % 4 === 0 ? 'large' : 'small'} }`,
    policy: 'probe: { deadAfter: 3s, successes: 1, healthyDelay: 0s, timeout: 3s, interval: 5s }',
  });
  browser = await openBrowser();
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await lab?.close();
  if (folder && !isKept) await rm(folder, { recursive: true });
});

/** Tenants rent machines, two of which die. One is kept for maintenance, and there are too few large ones. */
async function liveThrough(): Promise<{ rental: string }> {
  const tokenOf = async (tenant: string) => {
    const made = await lab.call('POST', '/api/tokens', { tenant, name: 'laptop' });
    expect(made.status).toBe(201);
    return made.body.token as string;
  };
  const rent = async (token: string, name: string, size: string, query = '') => {
    const body = { name, selector: { matchLabels: { size } }, ttl: '6h', labels: { team: 'build' } };
    const { body: rented, status } = await lab.call('POST', `/api/rent${query}`, body, { token });
    expect([201, 202], JSON.stringify(rented)).toContain(status);
    return rented as { id: string };
  };
  const [anna, ben] = [await tokenOf('anna'), await tokenOf('ben')];
  const moved = await rent(anna, 'nightly-build', 'small');
  for (const name of ['load-test', 'docs-preview', 'debug-4711']) await rent(ben, name, 'small');
  for (const name of ['training', 'benchmark', 'import']) await rent(anna, name, 'large');
  await rent(ben, 'second-training', 'large', '?queue=true&wait=0s');

  // These rentals belong to other tenants than the lab's own.
  const { admin } = lab.lab.tokens as { admin: string };
  const isOn = async (id: string) =>
    (await lab.call('GET', `/api/rentals/${id}`, undefined, { token: admin })).body.status;
  const stopped: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { node } = await isOn(moved.id);
    stopped.push(node as string);
    await lab.lab.stopWorker(node as string);
    await expect
      .poll(() => isOn(moved.id), WAIT)
      .toMatchObject({ phase: 'Active', node: expect.not.stringMatching(`^${node}$`) });
  }
  const [first = '', second = ''] = stopped;
  await lab.lab.startWorker(first);
  await expect.poll(async () => (await lab.node(first)).status.state, WAIT).toBe('free');
  const { body } = await lab.call('GET', '/api/nodes');
  const free = body.items.find(
    ({ name, status }: { name: string; status: { state: string } }) =>
      status.state === 'free' && name !== first && name !== second,
  );
  expect((await lab.call('POST', `/api/nodes/${free.name}/cordon`)).status).toBe(202);
  return { rental: moved.id };
}

async function take(page: Page, name: string, theme: Theme, width: number): Promise<void> {
  await expect.poll(() => page.locator('.loading').count(), WAIT).toBe(0);
  expect(await findBarriers(page), name).toEqual([]);
  expect(await findOverflow(page), name).toEqual([]);
  // What is under the mouse would be highlighted.
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`), fullPage: true });
}

test('the fleet, a rental and the quality of service, in both themes, on a desk and on a phone', async () => {
  const { rental } = await liveThrough();
  const { admin } = lab.lab.tokens as { admin: string };
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const) {
    for (const theme of ['light', 'dark'] as const) {
      await withPage(browser, lab.lab.url, { theme, width, height }, async (page) => {
        await signIn(page, admin);
        await page.getByText('Dead', { exact: true }).first().waitFor();
        await take(page, 'fleet', theme, width);
        await page.goto(`/rentals/${rental}`);
        await page.getByText(/^\s*Active on worker_/).waitFor();
        await take(page, 'rental', theme, width);
        await page.goto('/quality?window=1h');
        await page.getByRole('heading', { name: 'State of the fleet' }).waitFor();
        await take(page, 'quality', theme, width);
      });
    }
  }
}, 400_000);
