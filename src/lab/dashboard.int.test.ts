import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openBrowser, signIn, withPage } from './browser.fixture.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';

// The dashboard in a real browser, on a real lab: what a client and an operator do with it in a day.

let lab: TestLab;
let browser: Browser;
beforeAll(async () => {
  lab = await openTestLab({ basePort: 28_780, nodes: 3 });
  browser = await openBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await lab?.close();
});

const tokens = () => lab.lab.tokens as { tenant: string; admin: string };
/** None of the pages is ever reloaded: what is seen came by itself. */
function withVisit(token: string, run: (page: Page) => Promise<void>): Promise<void> {
  return withPage(browser, lab.lab.url, {}, async (page) => {
    await signIn(page, token);
    await page.evaluate('window.untouched = true');
    await run(page);
    expect(await page.evaluate('window.untouched')).toBe(true);
  });
}
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const cell = (page: Page, name: string) =>
  page.locator('.cell').filter({ has: page.getByText(name, { exact: true }) });

test('a machine is rented, lost and moved before the eyes of its client, and released', async () => {
  await lab.settle();
  await withVisit(tokens().tenant, async (page) => {
    await button(page, 'Rent a machine').click();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('dialog').getByLabel('Name').fill('seen');
    await button(page, 'Rent').click();
    const privateKey = await page.getByLabel('Private key', { exact: true }).textContent();
    const download = page.waitForEvent('download');
    await button(page, 'Save as seen.key').click();
    expect((await download).suggestedFilename()).toBe('seen.key');
    expect(await findBarriers(page)).toEqual([]);
    await button(page, 'Done').click();

    const now = page.getByRole('region', { name: 'State', exact: true });
    await now.getByText(/^\s*Active on w\d/).waitFor();
    const rental = await lab.rental('seen');
    const node = rental.status.node as string;
    expect(await now.textContent()).toContain(`Active on ${node}`);
    const rented = { ...rental, privateKey: privateKey ?? '' };
    const connection = rental.status.connection;
    expect(connection).not.toBeNull();
    if (connection) expect((await lab.login(rented, connection, 'id -un')).stdout).toBe(connection.user);
    expect(await findBarriers(page)).toEqual([]);

    await lab.lab.stopWorker(node);
    await now.getByText(new RegExp(`^\\s*Active on (?!${node})w\\d`)).waitFor({ timeout: 60_000 });
    const moved = (await lab.rental('seen')).status;
    expect(await page.getByText(moved.connection?.command ?? 'none').count()).toBe(1);
    await page.getByText(`moved from ${node} to ${moved.node}`).first().waitFor();
    await lab.lab.startWorker(node);

    await button(page, 'Renew').click();
    await page.getByLabel('For how long from now').fill('2h');
    await page.getByRole('dialog').getByRole('button', { name: 'Renew' }).click();
    await page.getByText('of 2h, until').waitFor();
    await button(page, 'Release').click();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click();
    await now.getByText(/^\s*Released/).waitFor();
  });
}, 180_000);

test('an operator sees the fleet change, and keeps a node for himself', async () => {
  await lab.settle();
  await withVisit(tokens().admin, async (page) => {
    await cell(page, 'w1').getByText('Free').waitFor();
    await lab.lab.stopWorker('w1');
    await cell(page, 'w1').getByText('Dead').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await lab.lab.startWorker('w1');
    await cell(page, 'w1').getByText('Free').waitFor({ timeout: 60_000 });

    // By keyboard alone: to the cell, into the page, and to the button.
    await cell(page, 'w1').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'w2', level: 1 }).waitFor();
    await button(page, 'Cordon').focus();
    await page.keyboard.press('Enter');
    const now = page.getByRole('region', { name: 'State', exact: true });
    await now.getByText('Free · Cordoned').waitFor();
    expect((await lab.node('w2')).spec.unschedulable).toBe(true);
    await button(page, 'Uncordon').click();
    await now.getByText(/^\s*Free\s*$/).waitFor();
    await button(page, 'Drain').click();
    await now.getByText('Free · Draining').waitFor();
    await button(page, 'Uncordon').click();
    await now.getByText(/^\s*Free\s*$/).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  });
}, 180_000);

test('who signs out, or whose token is revoked, sees nothing more', async () => {
  await withVisit(tokens().tenant, async (page) => {
    await button(page, 'Sign out').click();
    await page.getByLabel('Token').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel('Token').fill('orion_nobody');
    await button(page, 'Sign in').click();
    await page.getByRole('alert').waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });
  const made = await lab.call('POST', '/api/tokens', { name: 'short', tenant: 'anna', role: 'tenant' });
  await withVisit(made.body.token, async (page) => {
    const cookie = (await page.context().cookies())[0];
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict' });
    expect(await page.evaluate('document.cookie')).toBe('');
    expect((await lab.call('DELETE', `/api/tokens/${made.body.id}`)).status).toBeLessThan(300);
    await page.getByText('Your session has ended').waitFor({ timeout: 60_000 });
  });
}, 120_000);
