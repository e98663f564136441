import { afterAll, beforeAll, expect, it } from 'vitest';
import { findCondition } from '../core/model/condition.ts';
import { FILLER, limitListener, readTitle } from '../ssh/filled-listener.fixture.ts';
import { openTestLab, type Rented, type TestLab, WAIT } from './test-lab.fixture.ts';
import type { Worker } from './worker.ts';

let test: TestLab;

beforeAll(async () => {
  test = await openTestLab({ basePort: 29_460, nodes: 4 });
}, 180_000);
afterAll(() => test?.close());

const suspected = async (id: string) => findCondition((await test.rental(id)).status.conditions, 'Suspected');
const workerOf = ({ status }: Rented) => test.lab.workers.get(status.node as string) as Worker;
const isBreakerClosed = async () =>
  (await test.events()).every(({ type }: { type: string }) => type !== 'pool.breaker_opened');

/** Fills the listener as the client, who can do this at any time. */
async function fill(rented: Rented): Promise<number | undefined> {
  const { port } = workerOf(rented).spec;
  const command = `cat >f.py <<'END'\n${FILLER}\nEND\nsetsid -f python3 f.py ${port} 100 >/dev/null 2>&1 </dev/null`;
  return (await test.login(rented, await test.connectionOf(rented.id), command)).exitCode;
}

it('a client who fills the listener of their node loses their processes, and no rental is moved', async () => {
  const [hostile, other] = (await Promise.all([test.rent(), test.rent()])) as [Rented, Rented];
  const node = hostile.status.node as string;
  const worker = workerOf(hostile);
  // What Debian ships.
  await limitListener(worker, '10:30:100');
  const uid = (await test.login(hostile, await test.connectionOf(hostile.id), 'id -u')).stdout.trim();
  const isCalm = async () => (await worker.exec(['sh', '-c', `ps -o pid= -u ${uid}`])).stdout.trim() === '';

  await fill(hostile);
  await expect.poll(() => suspected(hostile.id), WAIT).toMatchObject({ status: 'Unknown' });
  expect((await suspected(hostile.id))?.reason).toBe('ListenerFilled');
  await expect.poll(isCalm, WAIT).toBe(true);
  expect(await readTitle(worker)).toMatch(/\[listener\] \d of 10-100/);
  // The client was shut out together with their processes, and the repair lets them in again. What stays on the node
  // may free the listener before the next probe sees it filled. Then the client fills it again.
  const fillAgain = async () => {
    await fill(hostile);
    return suspected(hostile.id);
  };
  await expect
    .poll(fillAgain, { timeout: 180_000, interval: 3_000 })
    .toMatchObject({ status: 'True', reason: 'ListenerFilled' });

  for (const rented of [hostile, other]) await test.expectNotMoved(rented);
  expect((await test.node(node)).status).toMatchObject({ status: 'alive', state: 'allocated' });
  const died = (await test.events(`&node=${node}`)).filter(({ type }) => type === 'node.dead');
  expect(died).toEqual([]);
  expect(await isBreakerClosed()).toBe(true);
  const told = (await test.events(`&rental=${hostile.id}`)).filter(
    ({ reason }) => reason === 'ListenerFilled',
  );
  expect(told).toHaveLength(2);
}, 400_000);

it('a release gets through to a node whose client fills it again and again', async () => {
  const hostile = await test.rent();
  const worker = workerOf(hostile);
  await limitListener(worker, '10:30:100');
  let isOver = false;
  const filling = (async () => {
    while (!isOver) await fill(hostile).catch(() => null);
  })();
  try {
    await expect.poll(() => suspected(hostile.id), WAIT).toMatchObject({ reason: 'ListenerFilled' });
    await test.call('DELETE', `/api/rentals/${hostile.id}`);
    await expect.poll(() => test.phaseOf(hostile.id), { ...WAIT, timeout: 120_000 }).toBe('Released');
    expect((await test.node(worker.spec.name)).status.status).toBe('alive');
  } finally {
    isOver = true;
    await filling;
  }
}, 300_000);
