import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loseTheMachineTwice } from './lost-shell.fixture.ts';
import { CHECKOUT } from './settings.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';

let test: TestLab;

beforeAll(async () => {
  test = await openTestLab({ basePort: 29_500, nodes: 2 });
}, 180_000);
afterAll(() => test?.close());

it('a shell is opened again when its machine restarts and when it dies, and says what is gone', async () => {
  const env = { ...process.env, HOME: test.home };
  const orion = [process.execPath, join(CHECKOUT, 'dist', 'cli', 'orion.js')];
  const { id, screen } = await loseTheMachineTwice(test, { home: test.home, orion, env });
  expect(screen).toMatch(/^the connection to w\d was lost; waiting for shell/m);
  expect(screen.match(/^w\d was restarted \d+\w+ ago: what ran there is gone/gm)).toHaveLength(1);
  expect(screen).toMatch(/^shell was moved from w\d, which died, to w\d/m);
  const told = (await test.events(`&rental=${id}`)).find(({ type }) => type === 'rental.restarted');
  expect(told).toMatchObject({ reason: 'NodeRestarted', message: expect.stringContaining('is gone') });
  const { total } = (await test.call('GET', `/api/qos?rental=${id}`)).body;
  expect(total.outages).toBeGreaterThanOrEqual(2);
});
