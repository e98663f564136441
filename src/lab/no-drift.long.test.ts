import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestLab, type Rented, type TestLab } from './test-lab.fixture.ts';

let test: TestLab;

beforeAll(async () => {
  process.env.ORION_INSPECT_INTERVAL = '1s';
  test = await openTestLab({ basePort: 29_440, nodes: 3 });
}, 180_000);
afterAll(async () => {
  delete process.env.ORION_INSPECT_INTERVAL;
  await test?.close();
});

const DRIFT_REASONS = ['Drifted', 'DriftRepaired', 'StrayAccount'];
const countDrift = async () =>
  (await test.events()).filter(({ reason }) => DRIFT_REASONS.includes(reason)).length;

it('what Orion does itself is never taken for drift', async () => {
  for (let round = 0; round < 3; round++) {
    const [first, second, third] = (await Promise.all([test.rent(), test.rent(), test.rent()])) as [
      Rented,
      Rented,
      Rented,
    ];
    const { sshPublicKey } = (await test.rental(second.id)).spec;
    await test.call('PATCH', `/api/rentals/${first.id}`, { sshPublicKey });
    await test.lab.stopWorker(third.status.node as string);
    await test.settle();
  }
  expect(await countDrift()).toBe(0);
  // A drift would have been counted.
  await test.lab.workers.get('w1')?.exec(['rm', '/etc/ssh/sshd_config.d/orion.conf']);
  await expect.poll(countDrift, { timeout: 60_000, interval: 200 }).toBeGreaterThan(0);
});
