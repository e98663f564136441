import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, openBrowser, signIn, withPage } from './browser.fixture.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';

// The dashboard in a real browser, on a real lab: what a client and an operator do with it in a day.

let lab: TestLab;
let browser: Browser;
beforeAll(async () => {
  // Two nodes of three open the breaker, and it closes as soon as they are back.
  const policy = [
    'probe: { deadAfter: 3s, successes: 1, healthyDelay: 0s, timeout: 3s, interval: 5s }',
    'migrate: { breaker: { minNodes: 2, cooldown: 1s } }',
  ].join('\n  ');
  lab = await openTestLab({ basePort: 28_780, nodes: 3, policy });
  browser = await openBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await lab?.close();
});

const tokens = () => lab.lab.tokens as { tenant: string; admin: string };
/** No page is ever reloaded: whatever appears arrived live. */
function withVisit(token: string, run: (page: Page) => Promise<void>): Promise<void> {
  return withPage(browser, lab.lab.url, {}, async (page) => {
    await signIn(page, token);
    await page.evaluate('window.untouched = true');
    await run(page);
    expect(await page.evaluate('window.untouched')).toBe(true);
  });
}
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const inDialog = (page: Page, name: string) =>
  page.getByRole('dialog').getByRole('button', { name, exact: true });
const notices = (page: Page) => page.getByRole('region', { name: 'Notices' });
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
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('new disk');
    await page.keyboard.press('Enter');
    const now = page.getByRole('region', { name: 'State', exact: true });
    const note = page.getByRole('region', { name: 'Maintenance' });
    await now.getByText('Free · Cordoned').waitFor();
    await note.getByText('new disk').waitFor();
    expect((await lab.node('w2')).spec).toMatchObject({
      unschedulable: true,
      maintenance: { reason: 'new disk' },
    });
    await button(page, 'Uncordon').click();
    await now.getByText(/^\s*Free\s*$/).waitFor();
    await note.waitFor({ state: 'detached' });
    await button(page, 'Drain').click();
    await page.getByLabel('Reason').fill('to the workshop');
    await inDialog(page, 'Drain').click();
    await now.getByText('Free · Draining').waitFor();
    await note.getByText('to the workshop').waitFor();
    await button(page, 'Uncordon').click();
    await now.getByText(/^\s*Free\s*$/).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  });
}, 180_000);

test('everything is paused for a reason that its clients see, too, and goes on', async () => {
  await lab.settle();
  await withVisit(tokens().admin, async (operator) => {
    await button(operator, 'Pause Orion').click();
    await operator.getByLabel('Reason').fill('new switch');
    await inDialog(operator, 'Pause').click();
    await notices(operator)
      .getByText(/^new switch · by .+ of operator$/)
      .waitFor();
    const asked = await lab.call('POST', '/api/rent?queue=true&wait=0s', { name: 'held' });
    expect(asked.status).toBe(202);
    await withVisit(tokens().tenant, async (page) => {
      await notices(page).getByText('new switch', { exact: true }).waitFor();
      expect(await button(page, 'Resume').count()).toBe(0);
      expect((await lab.rental('held')).status.phase).toBe('Pending');
      await button(operator, 'Resume').click();
      await notices(operator).waitFor({ state: 'detached' });
      await notices(page).waitFor({ state: 'detached' });
    });
  });
  await expect.poll(async () => (await lab.rental('held')).status.phase).toBe('Active');
}, 180_000);

test('who knows that machines are gone has their clients moved, although the breaker is open', async () => {
  await lab.settle();
  const { node } = (await lab.rent({ name: 'moved' })).status;
  const gone = ['w1', 'w2', 'w3'].filter((name) => name !== node).slice(0, 1);
  await withVisit(tokens().admin, async (page) => {
    for (const name of [node as string, ...gone]) await lab.lab.stopWorker(name);
    for (const name of [node as string, ...gone]) await cell(page, name).getByText('Dead').waitFor();
    await notices(page).getByText('2 of 3 nodes (67 %) are unhealthy').waitFor();
    await button(page, 'Move them anyway, once').click();
    await page.getByRole('dialog').getByText('2 nodes are dead now').waitFor();
    await page.getByRole('dialog').getByText('1 client is moved to another machine').waitFor();
    expect((await lab.rental('moved')).status.node).toBe(node);
    await page.getByLabel('Reason').fill('rack-a burnt');
    await page.getByLabel('I know that these machines are really gone').check();
    await inDialog(page, 'Move them').click();
    await notices(page).getByText('Overridden once').waitFor();
    const last = ['w1', 'w2', 'w3'].find((name) => name !== node && !gone.includes(name)) as string;
    await cell(page, last).getByText('moved', { exact: true }).waitFor();
    await expect
      .poll(async () => (await lab.rental('moved')).status)
      .toMatchObject({ phase: 'Active', node: last });
    for (const name of [node as string, ...gone]) await lab.lab.startWorker(name);
    await notices(page).waitFor({ state: 'detached', timeout: 60_000 });
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
