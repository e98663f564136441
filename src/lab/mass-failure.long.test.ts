import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeView } from '../core/view/node-view.ts';
import { readMetric } from './metric.fixture.ts';
import { type Connection, openTestLab, type Rented, type TestLab } from './test-lab.fixture.ts';

const WAIT = { timeout: 240_000, interval: 200 };
const NAMES = Array.from({ length: 10 }, (_, i) => `w${i + 1}`);
let test: TestLab;
let rented: Rented[];

beforeAll(async () => {
  // The policy of the shipped inventory: the quickest that anybody is advised to use.
  const policy = 'probe: { deadAfter: 5s, successes: 1, healthyDelay: 0s }';
  test = await openTestLab({ basePort: 29_320, nodes: NAMES.length, policy });
  rented = await Promise.all(Array.from({ length: 6 }, () => test.rent()));
}, 400_000);
afterAll(() => test?.close());

const metric = (name: string, labels = '') => readMetric(test, name, labels);
const countStates = async () => {
  const { items } = (await test.call('GET', '/api/nodes?limit=500')).body;
  const states = (items as NodeView[]).map(({ status }) => status.state);
  return Object.fromEntries(
    [...new Set(states)].sort().map((s) => [s, states.filter((o) => o === s).length]),
  );
};
const phases = async () => Promise.all(rented.map(({ id }) => test.phaseOf(id)));
const readyOf = async ({ id }: Rented) =>
  (await test.rental(id)).status.conditions.find(({ type }) => type === 'Ready');
const countMoves = async () =>
  (await test.events('&type=rental.migrating')).length + (await test.events('&type=rental.migrated')).length;
/** How often Ansible was started for a node, by purpose. */
const countWork = async () => ({
  access: await metric('orion_work_duration_seconds_count', 'kind="ensureAccess"'),
  clean: await metric('orion_work_duration_seconds_count', 'kind="clean"'),
});
const settled = { allocated: 6, free: 4 };

async function expectNobodyMoved(): Promise<void> {
  expect(await countMoves()).toBe(0);
  for (const rental of rented) await test.expectNotMoved(rental);
}

describe('ten workers of which six are rented', () => {
  it('with five stopped at once move nobody, and say so', async () => {
    const [first, second, third] = rented as [Rented, Rented, Rented];
    const lost = [first, second, third];
    const free = NAMES.filter((name) => !rented.some(({ status }) => status.node === name)).slice(0, 2);
    const down = [...lost.map(({ status }) => status.node as string), ...free];
    const before = await countWork();
    await Promise.all(down.map((name) => test.lab.stopWorker(name)));
    await expect.poll(countStates, WAIT).toEqual({ allocated: 3, dead: 5, free: 2 });
    for (const rental of lost) {
      await expect.poll(async () => (await readyOf(rental))?.reason, WAIT).toBe('MigrationHeld');
      expect((await readyOf(rental))?.message).toContain('5 of 10 nodes (50 %) are unhealthy');
      expect((await readyOf(rental))?.message).toContain('limit is 40 %');
    }
    expect(await metric('orion_breaker_open')).toBe(1);
    expect(await countMoves()).toBe(0);

    await Promise.all(down.map((name) => test.lab.startWorker(name)));
    await expect.poll(countStates, WAIT).toEqual(settled);
    await expect.poll(phases, WAIT).toEqual(Array(6).fill('Active'));
    await expectNobodyMoved();
    // One confirmation for each lost rental; nothing for nodes that were free and verified.
    expect(await countWork()).toEqual({ access: before.access + lost.length, clean: before.clean });
    for (const rental of lost)
      expect((await test.login(rental, rental.status.connection as Connection, 'true')).exitCode).toBe(0);
  }, 600_000);

  it('frozen for a minute, all of them, move nobody when they thaw', async () => {
    await Promise.all(NAMES.map((name) => test.lab.freezeWorker(name)));
    // The promise is for a fault of this length.
    await sleep(60_000);
    const unhealthy = await test.call('GET', '/api/nodes?limit=500');
    const reachable = (unhealthy.body.items as NodeView[]).flatMap(({ status }) =>
      status.conditions.filter(({ type, status }) => type === 'Reachable' && status === 'False'),
    );
    await Promise.all(NAMES.map((name) => test.lab.thawWorker(name)));
    expect(reachable.length, 'nobody noticed').toBeGreaterThan(4);
    await expect.poll(countStates, WAIT).toEqual(settled);
    await expect.poll(phases, WAIT).toEqual(Array(6).fill('Active'));
    await expectNobodyMoved();
  }, 600_000);

  it('with two stopped move those two clients, as soon as the fleet was well for long enough', async () => {
    await expect.poll(() => metric('orion_breaker_open'), WAIT).toBe(0);
    const lost = rented.slice(0, 2);
    await Promise.all(lost.map(({ status }) => test.lab.stopWorker(status.node as string)));
    for (const rental of lost) {
      await expect
        .poll(async () => (await test.rental(rental.id)).status, WAIT)
        .toMatchObject({ phase: 'Active', node: expect.not.stringMatching(`^${rental.status.node}$`) });
      const { connection } = (await test.rental(rental.id)).status;
      expect((await test.login(rental, connection as Connection, 'true')).exitCode).toBe(0);
    }
    for (const { id, status } of rented.slice(2))
      expect((await test.rental(id)).status).toMatchObject({ phase: 'Active', node: status.node });
  }, 600_000);

  it('with half of them dead move those whom an operator knows to be lost, and whoever is lost later stays', async () => {
    const served = rented.slice(2);
    const lost = served.slice(0, 3);
    const last = served[3] as Rented;
    await Promise.all(lost.map(({ status }) => test.lab.stopWorker(status.node as string)));
    await expect.poll(countStates, WAIT).toEqual({ allocated: 3, dead: 5, free: 2 });
    for (const rental of lost)
      await expect.poll(async () => (await readyOf(rental))?.reason, WAIT).toBe('MigrationHeld');
    const before = (await test.events('&type=rental.migrating')).length;

    const asked = { reason: 'rack-a burnt', confirm: true };
    expect((await test.call('POST', '/api/pool/override-breaker', asked)).status).toBe(202);
    // There are two free nodes for three rentals.
    const reasons = async () =>
      (await Promise.all(lost.map(readyOf))).map((ready) => ready?.reason).toSorted();
    await expect.poll(reasons, WAIT).toEqual(['NoFreeNode', 'Provisioned', 'Provisioned']);
    expect((await test.call('GET', '/api/pool')).body).toMatchObject({
      conditions: [
        { type: 'MovesAllowed', status: 'False' },
        { type: 'Paused', status: 'False' },
      ],
      override: { reason: 'rack-a burnt', used: true },
    });
    await test.lab.stopWorker(last.status.node as string);
    await expect.poll(async () => (await readyOf(last))?.reason, WAIT).toBe('MigrationHeld');
    expect((await test.events('&type=rental.migrating')).length).toBe(before + 2);
    const used = await test.events('&type=pool.override_used');
    expect(used.map(({ message }) => message)).toEqual([expect.stringMatching(/5 dead nodes.*rack-a burnt/)]);
  }, 600_000);
});
