import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventType } from '../../core/history/event.ts';
import type { Condition } from '../../core/model/condition.ts';
import { describePause } from '../../core/rental/pause-text.ts';
import { type ApiBench, now } from '../api.fixture.ts';
import { fillSmall } from './gallery.fixture.ts';
import { expectUsable, type Gallery, LOOKS, openGallery } from './gallery-page.fixture.ts';

// What administrators request on the dashboard, and what everybody sees of it, in a real browser on an in-memory
// store. The tests play the leader.

let gallery: Gallery;
beforeAll(async () => {
  gallery = await openGallery(28_766);
});
afterAll(() => gallery?.close());

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const inDialog = (page: Page, name: string) =>
  page.getByRole('dialog').getByRole('button', { name, exact: true });
/** The field that kept the browser from submitting. The browser has moved the focus there. */
const refused = (page: Page, name: string) => page.locator(`input[name=${name}]:invalid:focus`);
const notices = (page: Page) => page.getByRole('region', { name: 'Notices' });
const WHY = 'new switch in rack-a, until noon';
const TABS = ['Rentals', 'Queue', 'Events', 'Quality', 'Fleet'];

const open = async (page: Page, tab: string) => {
  await page.getByRole('navigation').getByRole('link', { name: tab, exact: true }).click();
  await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
};

async function controlsOf({ call }: ApiBench) {
  const answer = await call('admin', 'GET /api/pool');
  return (await answer.json()) as Record<'pause' | 'override', { reason: string } | null>;
}

/** As the leader writes it. */
function tell({ store }: ApiBench, type: EventType, message: string): void {
  const about = { rentalId: null, node: null, tenant: null, object: null };
  store.events.push({
    seq: store.events.length + 1,
    type,
    at: now,
    ...about,
    reason: 'MigrationHeld',
    message,
  });
}

/** Tells a waiting client why, as the reconciler does. */
function tellWaiting({ store }: ApiBench, name: string, reason: 'Paused' | 'NoFreeNode'): void {
  const rental = [...store.rentals.values()].find((each) => each.name === name);
  const paused = `another node is chosen once Orion is resumed; ${describePause({ reason: WHY, at: now })}`;
  const message = reason === 'Paused' ? paused : 'every matching node is taken or unusable now';
  const at = now.toISOString();
  const ready: Condition = { type: 'Ready', status: 'False', reason, message, lastTransitionTime: at };
  store.setStatus(rental?.id ?? '', 'rental.waiting', { conditions: [ready] });
}

describe.each(LOOKS)('$theme, $width pixels wide', (at) => {
  test('Orion is paused for a reason, which everybody sees on every page, until it is resumed', async () => {
    const bench = await gallery.serve(fillSmall);
    await gallery.visit('admin', at, async (page) => {
      await button(page, 'Pause Orion').click();
      await expectUsable(page, at, 'pause-dialog');
      await page.getByLabel('Reason').fill('   ');
      await inDialog(page, 'Pause').click();
      await refused(page, 'reason').waitFor();
      await page.getByLabel('Reason').fill(WHY);
      await inDialog(page, 'Pause').click();
      await notices(page).getByText(`${WHY} · by admin (`).waitFor();
      expect((await controlsOf(bench)).pause).toMatchObject({ reason: WHY });
      expect(await button(page, 'Pause Orion').count()).toBe(0);
      await expectUsable(page, at, 'paused');
      for (const tab of TABS) {
        await open(page, tab);
        await notices(page).getByText(WHY).waitFor();
      }
    });

    tellWaiting(bench, 'first-in-line', 'Paused');
    await gallery.visit('anna', at, async (page) => {
      for (const tab of TABS) {
        await open(page, tab);
        await notices(page).getByText(WHY).waitFor();
        expect(await notices(page).textContent()).not.toContain('admin');
      }
      await open(page, 'Queue');
      await page.getByText('Wait: unknown while Orion is paused').waitFor();
      expect(await button(page, 'Resume').count()).toBe(0);
      await expectUsable(page, at, 'paused-tenant');

      await gallery.visit('admin', at, async (operator) => {
        await button(operator, 'Resume').click();
        await button(operator, 'Pause Orion').waitFor();
        expect(await notices(operator).count()).toBe(0);
      });
      expect((await controlsOf(bench)).pause).toBeNull();
      tellWaiting(bench, 'first-in-line', 'NoFreeNode');
      await notices(page).waitFor({ state: 'detached' });
    });
  });

  test('an open breaker is overridden only with a reason and a confirmation', async () => {
    const bench = await gallery.serve(fillSmall);
    await gallery.visit('admin', at, async (page) => {
      const { store } = bench;
      store.setNodeState('worker_9', 'node.dead', { state: 'dead', status: 'dead' });
      tell(bench, 'pool.breaker_opened', '5 of 12 nodes (42 %) are unhealthy, the limit is 40 %');
      await button(page, 'Move them anyway, once').click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('2 nodes are dead now: worker_3, worker_9. 1 client is moved').waitFor();
      await expectUsable(page, at, 'override-dialog');
      await page.getByLabel('Reason').fill('rack-c burnt');
      await inDialog(page, 'Move them').click();
      await refused(page, 'agree').waitFor();
      expect((await controlsOf(bench)).override).toBeNull();
      await page.getByLabel('I know that these machines are really gone').check();
      await inDialog(page, 'Move them').click();
      await notices(page).getByText('An override takes effect with the next pass').waitFor();
      expect((await controlsOf(bench)).override).toMatchObject({ reason: 'rack-c burnt', used: false });
      expect(await button(page, 'Move them anyway, once').count()).toBe(0);
      await expectUsable(page, at, 'override-waits');

      store.useOverride();
      await notices(page).getByText('Overridden once').waitFor();
      await button(page, 'Move them anyway, once').waitFor();
      await bench.call('admin', 'POST /api/pool/pause', { reason: WHY });
      await notices(page).getByText(WHY).waitFor();
      await expectUsable(page, at, 'override-used');
      tell(bench, 'pool.breaker_closed', 'the fleet is well');
      await notices(page).getByText('the breaker is open').waitFor({ state: 'detached' });
    });
  });

  test('a node is drained and cordoned with a reason, which stands on its page with its author', async () => {
    const bench = await gallery.serve(fillSmall);
    await gallery.visit('admin', at, async (page) => {
      await page.goto('/nodes/worker_1');
      await button(page, 'Drain').click();
      await page.getByRole('dialog').getByText('Its rental is moved to another machine first').waitFor();
      await expectUsable(page, at, 'drain-dialog');
      await page.getByLabel('Reason').fill('new disk');
      await inDialog(page, 'Drain').click();
      const note = page.getByRole('region', { name: 'Maintenance' });
      await note.getByText('new disk').waitFor();
      expect(await note.textContent()).toMatch(
        /Draining: .*new disk.*by admin \(\w+\) of admin · (just now|\d+s ago)$/,
      );
      await expectUsable(page, at, 'drained');
      expect(bench.store.nodes.get('worker_1')?.requests).toMatchObject({
        draining: true,
        maintenance: { reason: 'new disk' },
      });

      await page.goto('/nodes/worker_2');
      await button(page, 'Cordon').click();
      await inDialog(page, 'Cordon').click();
      await note.getByText('No reason was given').waitFor();
      expect(bench.store.nodes.get('worker_2')?.requests).toMatchObject({
        cordoned: true,
        maintenance: { reason: null },
      });
      await button(page, 'Uncordon').click();
      await note.waitFor({ state: 'detached' });
    });
  });

  test('who waits is told how long, as far as that can be said', async () => {
    await gallery.serve(fillSmall);
    await gallery.visit('admin', at, async (page) => {
      await page.goto('/queue');
      const entries = page.getByRole('listitem');
      await entries.filter({ hasText: 'first-in-line' }).getByText('Wait: about 12 min').waitFor();
      await entries.filter({ hasText: 'second-in-line' }).getByText('Wait: unknown').waitFor();
      expect(await entries.filter({ hasText: 'too-large' }).getByText('Wait:').count()).toBe(0);
      await page.getByRole('link', { name: 'first-in-line' }).click();
      await page.getByRole('region', { name: 'State' }).getByText('Wait: about 12 min').waitFor();
    });
  });
});
